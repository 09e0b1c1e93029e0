/* What a plugin does, written against tempera.h alone: plugin_test FOLDER */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tempera/tempera.h"

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, tempera_error_message()); \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)
#define OK(call) CHECK((call) == TEMPERA_OK)

enum { kWidth = 64, kHeight = 36, kBytes = kWidth * kHeight * 4 };

/* A frame of the host's pool; `upwards`: its rows lie from bottom to top, as some hosts keep them. */
static tempera_image ImageOf(unsigned char* pixels, int upwards) {
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = TEMPERA_RGBA;
  image.width = kWidth;
  image.height = kHeight;
  image.planes[0] = upwards ? pixels + (kHeight - 1) * kWidth * 4 : pixels;
  image.stride_bytes[0] = upwards ? -kWidth * 4 : kWidth * 4;
  return image;
}

static void FillFrame(unsigned char* pixels, unsigned seed) {
  for (int i = 0; i < kBytes; ++i) {
    seed = seed * 1664525u + 1013904223u;
    pixels[i] = (unsigned char)(seed >> 24);
  }
}

static tempera_stylizer* Open(const char* folder, const char* name, tempera_host* host) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.precision = TEMPERA_PRECISION_FP32;
  options.host = host;
  tempera_stylizer* stylizer = NULL;
  OK(tempera_open_file(path, &options, &stylizer));
  return stylizer;
}

static void ListStyles(const char* folder) {
  tempera_style_list* list = NULL;
  OK(tempera_list_styles(folder, &list));
  CHECK(tempera_style_count(list) == 3);
  const char* names[] = {"blend", "fade", "state"};
  for (int i = 0; i < 3; ++i) {
    tempera_style_info style = TEMPERA_STYLE_INFO_INIT;
    OK(tempera_get_style_info(list, i, &style));
    CHECK(strcmp(style.name, names[i]) == 0);
    CHECK(strcmp(style.title, i == 0 ? "Two in One" : names[i]) == 0);
    CHECK((style.thumbnail != NULL) == (i == 0) && (style.thumbnail_path[0] != 0) == (i == 1));
  }
  CHECK(strstr(tempera_skipped_style(list, 0), "broken.onnx") != NULL);
  CHECK(tempera_skipped_style(list, 1) == NULL);
  tempera_free_style_list(list);
}

/* The panel of a plugin is on another thread than its frames. */
struct Panel {
  tempera_stylizer* stylizer;
  atomic_int done;
};

static void* TurnBlend(void* user) {
  struct Panel* panel = user;
  for (int i = 0; !atomic_load(&panel->done); ++i) {
    const float weights[2] = {i % 2 == 0 ? 1.0f : 0.0f, i % 2 == 0 ? 0.0f : 1.0f};
    OK(tempera_set_named_parameter(panel->stylizer, "blend", weights, 2));
  }
  return NULL;
}

static void PaintBlend(tempera_stylizer* stylizer, float light, float dark, unsigned char* pixels) {
  const float weights[2] = {light, dark};
  OK(tempera_set_named_parameter(stylizer, "blend", weights, 2));
  FillFrame(pixels, 1);
  const tempera_image image = ImageOf(pixels, 0);
  OK(tempera_process(stylizer, &image, &image));
}

static void Parameters(const char* folder, tempera_host* host) {
  static unsigned char light[kBytes], dark[kBytes], both[kBytes], twice[kBytes], frame[kBytes];
  tempera_stylizer* stylizer = Open(folder, "blend", host);
  CHECK(tempera_parameter_count(stylizer) == 6);
  tempera_parameter_info info = TEMPERA_PARAMETER_INFO_INIT;
  OK(tempera_get_parameter_info(stylizer, tempera_find_parameter(stylizer, "blend"), &info));
  CHECK(info.kind == TEMPERA_PARAMETER_WEIGHTS && info.count == 2 && info.defaults[0] == 1);
  CHECK(strcmp(info.element_names[1], "Dark") == 0 && strstr(info.line, "two styles") != NULL);
  OK(tempera_prepare(stylizer, kWidth, kHeight, TEMPERA_RGBA));

  PaintBlend(stylizer, 1, 0, light);
  PaintBlend(stylizer, 0, 1, dark);
  PaintBlend(stylizer, 0.5f, 0.5f, both);
  PaintBlend(stylizer, 1, 1, twice);
  CHECK(memcmp(both, twice, kBytes) == 0); /* shares of a whole */
  for (int i = 0; i < kBytes; ++i) {
    const int mean = (light[i] + dark[i]) / 2, off = both[i] - mean;
    CHECK(i % 4 == 3 || light[i] == 0 || light[i] == 255 || dark[i] == 0 || dark[i] == 255 ||
          (off >= -1 && off <= 2));
  }
  PaintBlend(stylizer, 0, 0, frame);
  CHECK(memcmp(light, frame, kBytes) == 0); /* none of either: the default */

  struct Panel panel = {.stylizer = stylizer};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, TurnBlend, &panel) == 0);
  for (int i = 0; i < 100; ++i) {
    FillFrame(frame, 1);
    const tempera_image image = ImageOf(frame, 0);
    OK(tempera_process(stylizer, &image, &image));
    CHECK(memcmp(frame, light, kBytes) == 0 || memcmp(frame, dark, kBytes) == 0);
  }
  atomic_store(&panel.done, 1);
  pthread_join(thread, NULL);
  tempera_close(stylizer);

  stylizer = Open(folder, "fade", host);
  CHECK(tempera_parameter_count(stylizer) == 5); /* the file's strength instead of the built-in one */
  for (int step = 0; step <= 2; ++step) {
    OK(tempera_set_strength(stylizer, (float)step));
    memset(frame, 100, kBytes);
    const tempera_image image = ImageOf(frame, 1);
    OK(tempera_process(stylizer, &image, &image));
    CHECK(frame[0] == 100 + 20 * step && frame[3] == 100);
  }
  tempera_close(stylizer);
}

/* The left half of the frame keeps what lies under it. */
static void MaskAndUnder(const char* folder, tempera_host* host) {
  static unsigned char source[kBytes], under[kBytes], painted[kBytes], masked[kBytes];
  tempera_stylizer* stylizer = Open(folder, "blend", host);
  FillFrame(source, 1);
  FillFrame(under, 2);
  const tempera_image in = ImageOf(source, 0), below = ImageOf(under, 0), all = ImageOf(painted, 0),
                      out = ImageOf(masked, 0);
  OK(tempera_process(stylizer, &in, &all));
  const unsigned char mask[2] = {0, 255};
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  params.mask = mask;
  params.mask_width = 2;
  params.mask_height = 1;
  params.mask_stride_bytes = 2;
  params.under = &below;
  OK(tempera_process_frame(stylizer, &in, &out, &params));
  for (int y = 0; y < kHeight; ++y) {
    for (int c = 0; c < 3; ++c) {
      const int left = y * kWidth * 4 + c, right = left + (kWidth - 1) * 4;
      CHECK(masked[left] == under[left] && masked[right] == painted[right]);
    }
  }
  params.mask_feather = -1;
  CHECK(tempera_process_frame(stylizer, &in, &out, &params) == TEMPERA_INVALID_ARGUMENT);
  tempera_close(stylizer);
}

static unsigned char PaintGrey(tempera_stylizer* stylizer, unsigned char grey,
                               const tempera_frame_params* params) {
  static unsigned char frame[kBytes];
  memset(frame, grey, kBytes);
  const tempera_image image = ImageOf(frame, 0);
  OK(tempera_process_frame(stylizer, &image, &image, params));
  for (int i = 0; i < kBytes; i += 4) CHECK(frame[i] == frame[0]);
  return frame[0];
}

static void State(const char* folder, tempera_host* host) {
  tempera_stylizer* stylizer = Open(folder, "state", host);
  OK(tempera_prepare(stylizer, kWidth, kHeight, TEMPERA_RGBA));
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  CHECK(PaintGrey(stylizer, 160, &params) == 80);
  CHECK(PaintGrey(stylizer, 160, &params) == 120);
  CHECK(PaintGrey(stylizer, 160, &params) == 140);
  OK(tempera_reset(stylizer));
  CHECK(PaintGrey(stylizer, 160, &params) == 80);
  params.cut = 1;
  CHECK(PaintGrey(stylizer, 160, &params) == 80);
  params.cut = 0;
  params.timestamp_us = 40000;
  CHECK(PaintGrey(stylizer, 160, &params) == 120);
  params.timestamp_us = 20000; /* back in the film */
  CHECK(PaintGrey(stylizer, 160, &params) == 80);
  static unsigned char small[4 * 8 * 8];
  tempera_image image = ImageOf(small, 0);
  image.width = image.height = 8;
  image.stride_bytes[0] = 32;
  params.timestamp_us = 60000;
  OK(tempera_process_frame(stylizer, &image, &image, &params));
  CHECK(PaintGrey(stylizer, 160, &params) == 80); /* another size and back */
  tempera_close(stylizer);
}

static void CountProgress(const char* doing, double done, void* user) {
  double* last = user;
  CHECK(doing[0] != 0 && done >= 0 && done <= 1);
  *last = done;
}

static void PrepareAndCancel(const char* folder, tempera_host* host) {
  static unsigned char frame[kBytes];
  tempera_stylizer* stylizer = Open(folder, "blend", host);
  double done = -1;
  OK(tempera_set_progress_callback(stylizer, CountProgress, &done));
  OK(tempera_set_cancelled(stylizer, 1));
  CHECK(tempera_prepare(stylizer, kWidth, kHeight, TEMPERA_RGBA) == TEMPERA_CANCELLED);
  OK(tempera_set_cancelled(stylizer, 0));
  OK(tempera_prepare(stylizer, kWidth, kHeight, TEMPERA_RGBA));
  CHECK(done == 1);
  done = -1;
  const tempera_image image = ImageOf(frame, 0);
  OK(tempera_process(stylizer, &image, &image));
  CHECK(done == -1); /* nothing was left to prepare */
  OK(tempera_set_cancelled(stylizer, 1));
  CHECK(tempera_process(stylizer, &image, &image) == TEMPERA_CANCELLED);
  OK(tempera_set_cancelled(stylizer, 0));
  OK(tempera_process(stylizer, &image, &image));
  tempera_close(stylizer);
}

static void* PaintMany(void* user) {
  static _Thread_local unsigned char frame[kBytes];
  const tempera_image image = ImageOf(frame, 0);
  for (int i = 0; i < 50; ++i) OK(tempera_process(user, &image, &image));
  return NULL;
}

/* Two stylizers from two threads with one pool; the host may be closed first. */
static void SideBySide(const char* folder) {
  tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
  options.threads = 2;
  tempera_host* host = NULL;
  OK(tempera_create_host(&options, &host));
  tempera_stylizer *one = Open(folder, "blend", host), *other = Open(folder, "state", host);
  tempera_close_host(host);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, PaintMany, one) == 0);
  PaintMany(other);
  pthread_join(thread, NULL);
  tempera_close(one);
  tempera_close(other);
  options.abi_version = 77;
  CHECK(tempera_create_host(&options, &host) == TEMPERA_INVALID_ARGUMENT && host == NULL);
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  CHECK(tempera_abi_version() == TEMPERA_ABI_VERSION);
  ListStyles(argv[1]);
  tempera_host* host = NULL;
  OK(tempera_create_host(NULL, &host));
  Parameters(argv[1], host);
  MaskAndUnder(argv[1], host);
  State(argv[1], NULL);
  PrepareAndCancel(argv[1], host);
  tempera_close_host(host);
  SideBySide(argv[1]);
  puts("plugin_test: passed");
  return 0;
}
