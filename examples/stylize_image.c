/* Paints a picture: stylize_image MODEL.onnx IN.ppm OUT.ppm */
#include <stdio.h>
#include <stdlib.h>
#include <tempera/tempera.h>

static int Fail(const char* what, const char* why) {
  fprintf(stderr, "%s: %s\n", what, why);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 4) return Fail("usage", "stylize_image MODEL.onnx IN.ppm OUT.ppm");
  FILE* in = fopen(argv[2], "rb");
  int width = 0, height = 0;
  if (!in || fscanf(in, "P6 %d %d 255", &width, &height) != 2 || fgetc(in) == EOF || width < 1 ||
      width > 16384 || height < 1 || height > 16384)
    return Fail(argv[2], "not a binary 8-bit PPM of up to 16384x16384");
  const size_t bytes = (size_t)width * height * 3;
  unsigned char* pixels = malloc(bytes);
  if (!pixels || fread(pixels, 1, bytes, in) != bytes) return Fail(argv[2], "cannot be read whole");
  fclose(in);

  tempera_stylizer* stylizer = NULL;
  if (tempera_open_file(argv[1], NULL, &stylizer) != TEMPERA_OK)
    return Fail(argv[1], tempera_error_message());
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = TEMPERA_RGB, image.width = width, image.height = height;
  image.planes[0] = pixels;
  image.stride_bytes[0] = (ptrdiff_t)width * 3;
  if (tempera_process(stylizer, &image, &image) != TEMPERA_OK) return Fail(argv[2], tempera_error_message());
  tempera_close(stylizer);

  FILE* out = fopen(argv[3], "wb");
  if (!out) return Fail(argv[3], "cannot be written");
  fprintf(out, "P6\n%d %d\n255\n", width, height);
  const size_t written = fwrite(pixels, 1, bytes, out);
  free(pixels);
  if (fclose(out) != 0 || written != bytes) return Fail(argv[3], "cannot be written whole");
  return 0;
}
