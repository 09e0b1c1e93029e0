/* What can be turned on a style, and turning it: parameters MODEL.onnx [NAME VALUE...] */
#include <stdio.h>
#include <stdlib.h>
#include <tempera/tempera.h>

static int Fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, tempera_error_message());
  return 1;
}

static void Print(const tempera_parameter_info* info, const float* values) {
  printf("%s %g..%g %s: %s\n", info->name, info->minimum, info->maximum, info->unit, info->line);
  for (int32_t i = 0; i < info->count; ++i) {
    printf("  %s = %g\n", info->element_names ? info->element_names[i] : info->name, values[i]);
  }
}

int main(int argc, char** argv) {
  tempera_stylizer* stylizer = NULL;
  if (argc < 2 || tempera_open_file(argv[1], NULL, &stylizer) != TEMPERA_OK) return Fail("parameters");
  float values[1024]; /* as many elements as a parameter can have */
  for (int i = 3; i < argc && i - 3 < 1024; ++i) values[i - 3] = (float)atof(argv[i]);
  /* From any thread, while another one paints; the next frame sees it. */
  if (argc > 3 && tempera_set_named_parameter(stylizer, argv[2], values, argc - 3) != TEMPERA_OK) {
    return Fail(argv[2]);
  }
  for (int32_t i = 0; i < tempera_parameter_count(stylizer); ++i) {
    tempera_parameter_info info = TEMPERA_PARAMETER_INFO_INIT;
    if (tempera_get_parameter_info(stylizer, i, &info) != TEMPERA_OK ||
        tempera_get_parameter(stylizer, i, values, info.count) != TEMPERA_OK) {
      return Fail(argv[1]);
    }
    Print(&info, values);
  }
  tempera_close(stylizer);
  return 0;
}
