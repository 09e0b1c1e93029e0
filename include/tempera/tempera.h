/* Tempera: paints frames in the style a model was trained for, on the CPU.
 *
 *   tempera_stylizer* s = NULL;
 *   if (tempera_open_file("starry-night.onnx", NULL, &s) != TEMPERA_OK) puts(tempera_error_message());
 *   tempera_process(s, &in, &out);  // per frame
 *   tempera_close(s);
 *
 * Ownership: a stylizer belongs to the caller, who closes it. Image pixels always
 * belong to the caller. Strings returned live as long as the object they came from.
 * Threads: one stylizer, one thread at a time; different stylizers run at the same time.
 * Errors: a code, and a one-line message from tempera_error_message() (per thread).
 * The library never prints, aborts or throws.
 */
#ifndef TEMPERA_TEMPERA_H_
#define TEMPERA_TEMPERA_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TEMPERA_API __attribute__((visibility("default")))
#else
#define TEMPERA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tempera_status {
  TEMPERA_OK = 0,
  TEMPERA_INVALID_ARGUMENT = 1, /* a size, stride, pointer or option that cannot be used */
  TEMPERA_NOT_FOUND = 2,        /* no such file */
  TEMPERA_CORRUPT_MODEL = 3,    /* bytes that are not a valid model */
  TEMPERA_UNSUPPORTED = 4,      /* a valid model, but an operator or layout we lack */
  TEMPERA_OUT_OF_MEMORY = 5,
  TEMPERA_IO = 6,
  TEMPERA_CANCELLED = 7,
  TEMPERA_INTERNAL = 8 /* a bug of ours: please report it */
} tempera_status;

typedef enum tempera_pixel_format {
  TEMPERA_RGBA = 0, /* 8 bits a channel; alpha is copied through */
  TEMPERA_BGRA = 1,
  TEMPERA_RGB = 2,
  TEMPERA_NV12 = 3, /* plane 0: Y, plane 1: interleaved UV at half size (rounded up) */
  TEMPERA_I420 = 4  /* planes 0, 1, 2: Y, U, V; U and V at half size (rounded up) */
} tempera_pixel_format;

/* How NV12 and I420 map to RGB. Ignored for RGB formats. {0} = BT.709, limited range. */
typedef enum tempera_color_matrix {
  TEMPERA_BT709 = 0,
  TEMPERA_BT601 = 1,
  TEMPERA_BT2020 = 2
} tempera_color_matrix;

/* Pixels, owned by the caller. Any width and height from 1 to 16384. Subsampled chroma stands for
 * its 2x2 block. Pixels of an input image are only read. */
typedef struct tempera_image {
  tempera_pixel_format format;
  int32_t width;           /* pixels */
  int32_t height;          /* pixels */
  uint8_t* planes[3];      /* unused ones NULL */
  int32_t stride_bytes[3]; /* bytes from one row to the next; at least a row's bytes */
  tempera_color_matrix matrix;
  int32_t full_range; /* 0: luma 16..235; 1: 0..255 */
} tempera_image;

typedef enum tempera_precision {
  TEMPERA_PRECISION_AUTO = 0, /* the fastest that looks the same as fp32 */
  TEMPERA_PRECISION_FP32 = 1,
  TEMPERA_PRECISION_BF16 = 2, /* needs AMX or AVX-512 BF16: otherwise the first frame is refused */
  TEMPERA_PRECISION_INT8 = 3
} tempera_precision;

/* What the network's instance norms normalise a frame with. */
typedef enum tempera_norm_statistics {
  TEMPERA_NORM_EXACT = 0,    /* the frame's own mean and variance: every frame is painted by itself */
  TEMPERA_NORM_SMOOTHED = 1, /* blended with those of the frames before: for one video, in order */
  TEMPERA_NORM_CARRIED = 2   /* those of the frame before where they are near: for one video, in order */
} tempera_norm_statistics;

/* {0} is a sound default for every field: set struct_size = sizeof(tempera_options). */
typedef struct tempera_options {
  size_t struct_size; /* lets later versions add fields */
  int32_t threads;    /* 0 = one per available CPU */
  tempera_precision precision;
  int32_t working_width;  /* the size the network sees; 0 = the frame's own size, or, when */
  int32_t working_height; /* only one is 0, from the other by the frame's aspect ratio */
  int32_t keep_colors;    /* 1: brightness from the painting, colours from the source */
  /* NULL or "": the disk is left alone. Otherwise a folder (made when missing) that keeps what was found
   * out about the model's precisions, ten KB each, so that the next process opens it faster. The painting
   * is the same either way, and no trouble with the folder is an error. */
  const char* cache_folder;
  int32_t pin_threads;                     /* 1: each worker thread stays on a core of its own */
  tempera_norm_statistics norm_statistics; /* a new size begins anew */
} tempera_options;

typedef struct tempera_stylizer tempera_stylizer;

/* A model that does not turn a picture [1, 3, H, W] into another is refused (TEMPERA_UNSUPPORTED). One
 * that runs at a single size only is used at that size: frames are scaled, and a warning is logged. */
TEMPERA_API tempera_status tempera_open_file(const char* path, const tempera_options* options,
                                             tempera_stylizer** out);
/* The bytes may be freed once this returns. */
TEMPERA_API tempera_status tempera_open_memory(const void* bytes, size_t size, const tempera_options* options,
                                               tempera_stylizer** out);
/* NULL is allowed. */
TEMPERA_API void tempera_close(tempera_stylizer* stylizer);

/* Paints `in` into `out`: the same width and height, any two formats; in and out may share
 * their pixels when format and strides agree. A new frame size plans anew (milliseconds); a frame
 * that would need more memory than is free is refused with TEMPERA_OUT_OF_MEMORY before it is tried. */
TEMPERA_API tempera_status tempera_process(tempera_stylizer* stylizer, const tempera_image* in,
                                           const tempera_image* out);

/* With TEMPERA_NORM_SMOOTHED and TEMPERA_NORM_CARRIED: the next frame begins anew, as after a cut.
 * Otherwise nothing changes. */
TEMPERA_API tempera_status tempera_reset(tempera_stylizer* stylizer);

/* 0 = the source, 1 = the painting (default). Takes effect with the next frame. */
TEMPERA_API tempera_status tempera_set_strength(tempera_stylizer* stylizer, float strength);

/* The size of the picture that is painted for a frame of this size, before the margin that the
 * network may need is mirrored onto it (and cut off again). */
TEMPERA_API tempera_status tempera_working_size(tempera_stylizer* stylizer, int32_t frame_width,
                                                int32_t frame_height, int32_t* width, int32_t* height);

/* Bytes of activations and packed weights of the current plan; 0 before the first frame. */
TEMPERA_API size_t tempera_memory_bytes(const tempera_stylizer* stylizer);

/* Metadata of the model ("tempera.style", "tempera.artist", ...; see docs/model-format.md);
 * NULL when it has none of that name. */
TEMPERA_API const char* tempera_metadata(const tempera_stylizer* stylizer, const char* key);

/* Why the last call on this thread that returns a status failed; "" when it did not. Valid until the
 * next such call on this thread. */
TEMPERA_API const char* tempera_error_message(void);

typedef void (*tempera_log_callback)(int level, const char* message,
                                     void* user); /* 0 info, 1 warning, 2 error */
/* Process-wide; NULL (the default) silences. May be called from any thread. */
TEMPERA_API void tempera_set_log_callback(tempera_log_callback callback, void* user);

/* "0.1.0" */
TEMPERA_API const char* tempera_version(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TEMPERA_TEMPERA_H_ */
