/* Stands in for libncnn.so where the worker is tested: the functions it calls, which refuse what ncnn would,
 * and compute nothing but a sum. Of ncnn it knows the signatures alone. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))

struct mat {
  int w, h, c;
  size_t cstep;
  float* data;
};
struct net {
  int threads, param, model;
};
struct extractor {
  struct net* net;
  const struct mat* input;
};

static int exists(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file) fclose(file);
  return file != NULL;
}

API const char* ncnn_version(void) { return "stand-in"; }
API int* ncnn_option_create(void) { return calloc(1, sizeof(int)); }
API void ncnn_option_set_num_threads(int* option, int threads) { *option = threads; }
API struct net* ncnn_net_create(void) { return calloc(1, sizeof(struct net)); }
API void ncnn_net_set_option(struct net* net, const int* option) { net->threads = *option; }
API int ncnn_net_load_param(struct net* net, const char* path) {
  net->param = net->threads > 0 && exists(path);
  return net->param ? 0 : -1;
}
API int ncnn_net_load_model(struct net* net, const char* path) {
  net->model = net->param && exists(path);
  return net->model ? 0 : -1;
}

API struct mat* ncnn_mat_create_3d(int w, int h, int c, void* allocator) {
  if (allocator) return NULL;
  struct mat* mat = malloc(sizeof(*mat));
  /* Channels at multiples of 16 bytes. */
  *mat = (struct mat){w, h, c, ((size_t)w * (size_t)h + 3) / 4 * 4, NULL};
  mat->data = calloc(mat->cstep * (size_t)c, sizeof(float));
  return mat;
}
API size_t ncnn_mat_get_cstep(const struct mat* mat) { return mat->cstep; }
API void* ncnn_mat_get_data(const struct mat* mat) { return mat->data; }
API int ncnn_mat_get_c(const struct mat* mat) { return mat->c; }
API void ncnn_mat_destroy(struct mat* mat) {
  free(mat->data);
  free(mat);
}

API struct extractor* ncnn_extractor_create(struct net* net) {
  struct extractor* extractor = calloc(1, sizeof(*extractor));
  extractor->net = net;
  return extractor;
}
API int ncnn_extractor_input(struct extractor* extractor, const char* name, const struct mat* mat) {
  /* The picture is 127.5 + 100 sin(0.013 i): something else, or channels run together, sums otherwise. */
  double sum = 0;
  for (int c = 0; c < mat->c; ++c) {
    for (int i = 0; i < mat->w * mat->h; ++i) sum += mat->data[(size_t)c * mat->cstep + (size_t)i];
  }
  const double count = (double)mat->c * mat->w * mat->h;
  if (strcmp(name, "picture") != 0 || sum < 100 * count || sum > 160 * count) return -1;
  extractor->input = mat;
  return 0;
}
API int ncnn_extractor_extract(struct extractor* extractor, const char* name, struct mat** out) {
  if (!extractor->input || !extractor->net->model || strcmp(name, "painting") != 0) return -1;
  *out = ncnn_mat_create_3d(extractor->input->w, extractor->input->h, 3, NULL);
  return 0;
}
API void ncnn_extractor_destroy(struct extractor* extractor) { free(extractor); }
