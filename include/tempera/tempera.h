/* Tempera: paints frames in the style a model was trained for, on the CPU.
 *
 *   tempera_stylizer* s = NULL;
 *   if (tempera_open_file("starry-night.onnx", NULL, &s) != TEMPERA_OK) puts(tempera_error_message());
 *   tempera_image image = TEMPERA_IMAGE_INIT;
 *   image.format = TEMPERA_RGBA, image.width = 640, image.height = 360;
 *   image.planes[0] = pixels, image.stride_bytes[0] = 4 * 640;
 *   tempera_process(s, &image, &image);  // per frame
 *   tempera_close(s);
 *
 * Ownership: what a function opens or creates belongs to the caller, who closes it. Strings returned live as
 * long as the object they came from.
 *
 * Pixels: the library allocates none, frees none and keeps no pointer to any. Every plane of an image and of
 * a mask belongs to the host, before, during and after the call that names it; it may be another one each
 * frame, so that a pool of frames can lend them and take them back around each call. Input is only read. Of
 * output only the pixels are written, never a gap between rows. Rows need no alignment but that of their
 * samples.
 *
 * Sized structs: the first field of each is struct_size, the sizeof that the caller's header gave it; begin
 * with the INIT macro beside the struct, which sets it and leaves every other field zero, its default. Later
 * versions add fields at the end. A caller that knows fewer fields gets the defaults of the rest. A caller
 * that knows more is served while those that the library does not know are zero, and is otherwise refused
 * with TEMPERA_UNSUPPORTED: nothing is cut silently. Of structs that the library fills, what it does not know
 * becomes zero. Fields called reserved are zero too. Enumerations lie in
 * structs as int32_t; a number that none of them names is refused.
 *
 * Threads: one stylizer, one thread at a time, but for the functions that say otherwise; different stylizers
 * run at the same time.
 *
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

/* Raised when something that programs were compiled against changes or goes; what only comes in addition
 * (functions, numbers of an enumeration, fields at the end of sized structs) leaves it as it is. The shared
 * library's SONAME ends in it. */
#define TEMPERA_ABI_VERSION 1
/* That of the library, which the program may have been linked to long before. */
TEMPERA_API uint32_t tempera_abi_version(void);

typedef enum tempera_status {
  TEMPERA_OK = 0,
  TEMPERA_INVALID_ARGUMENT = 1, /* a size, stride, pointer or option that cannot be used */
  TEMPERA_NOT_FOUND = 2,        /* no such file, no such parameter */
  TEMPERA_CORRUPT_MODEL = 3,    /* bytes that are not a valid model */
  TEMPERA_UNSUPPORTED = 4,      /* valid, but an operator, layout or field we lack */
  TEMPERA_OUT_OF_MEMORY = 5,
  TEMPERA_IO = 6,
  TEMPERA_CANCELLED = 7,
  TEMPERA_INTERNAL = 8 /* a bug of ours: please report it */
} tempera_status;

typedef enum tempera_pixel_format {
  TEMPERA_RGBA = 0, /* 8 bits a channel; alpha is copied through (tempera_paints_alpha) */
  TEMPERA_BGRA = 1,
  TEMPERA_RGB = 2,
  TEMPERA_NV12 = 3, /* plane 0: Y, plane 1: interleaved UV at half size (rounded up) */
  TEMPERA_I420 = 4, /* planes 0, 1, 2: Y, U, V; U and V at half size (rounded up) */
  /* As NV12 and I420, with 10 bits in 16 of the machine's byte order: the upper ones in P010, the lower ones
   * in I010. */
  TEMPERA_P010 = 5,
  TEMPERA_I010 = 6
} tempera_pixel_format;

/* Colour, by the numbers of ITU-T H.273 (ISO/IEC 23091-2), which video files, FFmpeg and GStreamer use as
 * well. 0 (and H.273's 2) leaves it open. */

/* How YCbCr maps to RGB; ignored for RGB formats. Open: BT.709. */
typedef enum tempera_matrix {
  TEMPERA_MATRIX_DEFAULT = 0,
  TEMPERA_MATRIX_BT709 = 1,
  TEMPERA_MATRIX_BT470BG = 5, /* BT.601, 625 lines */
  TEMPERA_MATRIX_BT601 = 6,   /* the same, 525 lines */
  TEMPERA_MATRIX_BT2020 = 9   /* non-constant luminance */
} tempera_matrix;

/* Of YCbCr; RGB formats use all of their numbers. (Numbered as in FFmpeg.) */
typedef enum tempera_range {
  TEMPERA_RANGE_DEFAULT = 0, /* limited */
  TEMPERA_RANGE_LIMITED = 1, /* 8 bits: luma 16..235, chroma 16..240 */
  TEMPERA_RANGE_FULL = 2
} tempera_range;

/* Networks paint what a screen of standard dynamic range shows: the curves below are near enough to each
 * other to be taken as they are. Others are refused. */
typedef enum tempera_transfer {
  TEMPERA_TRANSFER_DEFAULT = 0,
  TEMPERA_TRANSFER_BT709 = 1,
  TEMPERA_TRANSFER_GAMMA22 = 4,
  TEMPERA_TRANSFER_BT601 = 6,
  TEMPERA_TRANSFER_SRGB = 13,
  TEMPERA_TRANSFER_BT2020_10 = 14,
  TEMPERA_TRANSFER_BT2020_12 = 15
} tempera_transfer;

/* Not converted: where input and output both name theirs, they are the same. */
typedef enum tempera_primaries {
  TEMPERA_PRIMARIES_DEFAULT = 0,
  TEMPERA_PRIMARIES_BT709 = 1, /* and sRGB */
  TEMPERA_PRIMARIES_BT470BG = 5,
  TEMPERA_PRIMARIES_BT601 = 6,
  TEMPERA_PRIMARIES_BT2020 = 9,
  TEMPERA_PRIMARIES_DISPLAY_P3 = 12
} tempera_primaries;

/* Any width and height from 1 to 16384. Subsampled chroma stands for its 2x2 block. */
typedef struct tempera_image {
  size_t struct_size;
  int32_t format;            /* tempera_pixel_format */
  int32_t width;             /* pixels */
  int32_t height;            /* pixels */
  int32_t matrix;            /* tempera_matrix */
  int32_t range;             /* tempera_range */
  int32_t transfer;          /* tempera_transfer */
  int32_t primaries;         /* tempera_primaries */
  int32_t reserved;          /* 0 */
  uint8_t* planes[4];        /* the first byte of the top row; unused ones NULL */
  ptrdiff_t stride_bytes[4]; /* from one row to the one below; at least a row's bytes, or as much upwards */
} tempera_image;
#define TEMPERA_IMAGE_INIT \
  {sizeof(tempera_image), TEMPERA_RGBA, 0, 0, 0, 0, 0, 0, 0, {NULL, NULL, NULL, NULL}, {0, 0, 0, 0}}

typedef enum tempera_precision {
  TEMPERA_PRECISION_AUTO = 0, /* the fastest that looks the same as fp32 */
  TEMPERA_PRECISION_FP32 = 1,
  TEMPERA_PRECISION_BF16 =
      2, /* needs a processor that multiplies bf16: otherwise the first frame is refused */
  TEMPERA_PRECISION_INT8 = 3
} tempera_precision;

/* What the network's instance norms normalise a frame with. */
typedef enum tempera_norm_statistics {
  TEMPERA_NORM_EXACT = 0,    /* the frame's own mean and variance: every frame is painted by itself */
  TEMPERA_NORM_SMOOTHED = 1, /* blended with those of the frames before: for one video, in order */
  TEMPERA_NORM_CARRIED = 2 /* of the last frame painted exactly, while it is near: for one video, in order */
} tempera_norm_statistics;

/* 0 info, 1 warning, 2 error. Called on the thread that is in a call of the library, which it may call again.
 */
typedef void (*tempera_log_callback)(int level, const char* message, void* user);

/* What a program lends to the stylizers it opens. Several of them may share a host, and with it one pool of
 * threads: each runs from a thread of its own, and they take turns where both want the pool. */
typedef struct tempera_host tempera_host;

/* A finding about a model that an earlier process stored under this key (32 hexadecimal digits, a dot, a
 * word): writes at most `size` bytes and returns how many there are, 0 when there is none. Any thread,
 * several at a time. */
typedef size_t (*tempera_cache_load_callback)(const char* key, void* bytes, size_t size, void* user);
typedef void (*tempera_cache_store_callback)(const char* key, const void* bytes, size_t size, void* user);

typedef struct tempera_host_options {
  size_t struct_size;
  uint32_t abi_version;     /* as in tempera_options */
  int32_t threads;          /* likewise */
  int32_t pin_threads;      /* likewise */
  int32_t reserved;         /* 0 */
  uint64_t memory_bytes;    /* what one plan may take; 0 = what the system has free */
  const char* cache_folder; /* as in tempera_options; or, for a cache of the program's own: */
  tempera_cache_load_callback cache_load;
  tempera_cache_store_callback cache_store;
  void* cache_user;
  tempera_log_callback log; /* instead of tempera_set_log_callback, for these stylizers */
  void* log_user;
} tempera_host_options;
#define TEMPERA_HOST_OPTIONS_INIT \
  {sizeof(tempera_host_options), TEMPERA_ABI_VERSION, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL}

/* options: NULL for the defaults. */
TEMPERA_API tempera_status tempera_create_host(const tempera_host_options* options, tempera_host** out);
/* NULL is allowed; so are stylizers that still use it, and keep it alive. */
TEMPERA_API void tempera_close_host(tempera_host* host);

typedef struct tempera_options {
  size_t struct_size;
  uint32_t abi_version;    /* the INIT macro's TEMPERA_ABI_VERSION: open refuses another than the library's */
  int32_t threads;         /* 0 = as many as help: one per physical core that the process may use */
  int32_t pin_threads;     /* 1: each worker thread stays on a core of its own */
  int32_t precision;       /* tempera_precision */
  int32_t norm_statistics; /* tempera_norm_statistics; a new size begins anew */
  int32_t working_width;   /* the size the network sees; 0 = the frame's own size, or, when */
  int32_t working_height;  /* only one is 0, from the other by the frame's aspect ratio */
  /* 0, or at most so many pixels of the shorter side: larger frames are painted at that, smaller ones at
   * their own size. With working_width and working_height at 0. */
  int32_t working_short_side;
  /* NULL or "": the disk is left alone. Otherwise a folder (made when missing) that keeps what was found
   * out about the model's precisions, ten KB each, so that the next process opens it faster. The painting
   * is the same either way, and no trouble with the folder is an error. */
  const char* cache_folder;
  tempera_host*
      host; /* NULL = one of its own. With one, threads, pin_threads and cache_folder are the host's */
  /* NULL, or what is said of the model beside its file, and goes before what the file says: keys of
   * docs/model-format.md and their values in turns, NULL behind the last ("tempera.value_range", "-1..1",
   * NULL). At most 256 pairs. tempera.param. keys name inputs without a default in the file: the others are
   * weights once it is read, so that only the file itself can say that they are parameters. */
  const char* const* metadata;
} tempera_options;
#define TEMPERA_OPTIONS_INIT \
  {sizeof(tempera_options), TEMPERA_ABI_VERSION, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL}

typedef struct tempera_stylizer tempera_stylizer;

/* A model that does not turn a picture into another (docs/model-format.md says in which forms) is refused
 * (TEMPERA_UNSUPPORTED). One that runs at a single size only is used at that size: frames are scaled, and a
 * warning is logged. What had to be guessed of it is logged too, and kept: tempera_notice.
 * options: NULL for the defaults. */
TEMPERA_API tempera_status tempera_open_file(const char* path, const tempera_options* options,
                                             tempera_stylizer** out);
/* The bytes may be freed once this returns. */
TEMPERA_API tempera_status tempera_open_memory(const void* bytes, size_t size, const tempera_options* options,
                                               tempera_stylizer** out);
/* NULL is allowed. */
TEMPERA_API void tempera_close(tempera_stylizer* stylizer);

/* Paints `in` into `out`: the same width and height, any two formats; in and out may share
 * their pixels when format, planes and strides agree; where only some pixels are shared, they are refused. A
 * frame size that was not prepared (tempera_prepare) is planned for first; one that would need more memory
 * than is free is refused with TEMPERA_OUT_OF_MEMORY before it is tried. */
TEMPERA_API tempera_status tempera_process(tempera_stylizer* stylizer, const tempera_image* in,
                                           const tempera_image* out);

/* Plans for frames of this size and format (tempera_pixel_format, of input or output), and finds out what the
 * network bears, so that no tempera_process with them has to: the first frame then takes as long as the next.
 * One size at a time; formats add up. What the model remembers of frames (tempera_reset) is gone with another
 * size. A plan takes milliseconds; with another precision than fp32 the first one takes as long as 20 to some
 * hundreds of frames of 256 by 256 pixels, by the number of the network's layers (0.1 to 5 s on a laptop's
 * core), unless the cache knows. Otherwise as tempera_process. */
TEMPERA_API tempera_status tempera_prepare(tempera_stylizer* stylizer, int32_t width, int32_t height,
                                           int32_t format);

/* What is being prepared ("planning", "calibrating"), and how much of all that is done: 0 to 1, from 0 again
 * with the next preparation. On the thread that is in tempera_prepare or tempera_process. */
typedef void (*tempera_progress_callback)(const char* doing, double done, void* user);
/* NULL: nobody wants to know. Not while another thread is in a call with this stylizer. */
TEMPERA_API tempera_status tempera_set_progress_callback(tempera_stylizer* stylizer,
                                                         tempera_progress_callback callback, void* user);
/* 1 or 0. 1: tempera_prepare and tempera_process with this stylizer, those that run and those to come, end
 * soon with TEMPERA_CANCELLED, until it is set to 0 again. The output image is then half painted, and the
 * next frame begins anew as after a cut. From any thread. */
TEMPERA_API tempera_status tempera_set_cancelled(tempera_stylizer* stylizer, int32_t cancelled);

/* What one frame may bring along besides its pixels. */
typedef struct tempera_frame_params {
  size_t struct_size;
  /* What lies under the painting, where strength or mask let it through: NULL = the input. Width and height
   * of the input, any format; may share pixels with `out` as the input may. */
  const tempera_image* under;
  /* One byte a pixel: 0 = what lies under, 255 = the painting at its strength. NULL = 255 everywhere. It
   * covers the frame, whatever its own size; rows from the top. */
  const uint8_t* mask;
  ptrdiff_t mask_stride_bytes; /* as in tempera_image */
  int32_t mask_width;          /* 1 to 16384 pixels */
  int32_t mask_height;
  float mask_feather; /* its edges are softened by so many pixels of the frame either way: 0 to 1024 */
  int32_t cut;        /* 1: this frame does not follow from the one before, as after tempera_reset */
  /* The frame's time in microseconds. One that lies before that of the last frame is a jump back in the film,
   * and counts as a cut (so does a frame without a time behind one that has it); 0 in every frame: not told.
   */
  int64_t timestamp_us;
} tempera_frame_params;
#define TEMPERA_FRAME_PARAMS_INIT {sizeof(tempera_frame_params), NULL, NULL, 0, 0, 0, 0.0f, 0, 0}

/* As tempera_process. params: NULL for the defaults. */
TEMPERA_API tempera_status tempera_process_frame(tempera_stylizer* stylizer, const tempera_image* in,
                                                 const tempera_image* out,
                                                 const tempera_frame_params* params);

/* The next frame begins anew, as after a cut: with TEMPERA_NORM_SMOOTHED and TEMPERA_NORM_CARRIED, and where
 * the model has states (docs/model-format.md), which are then zero. Otherwise nothing changes. */
TEMPERA_API tempera_status tempera_reset(tempera_stylizer* stylizer);

/* Parameters: what can be turned while frames are painted. Every model has `strength` (0 = the source, to the
 * byte, and what the network remembers of frames begins anew; 1 = the painting, the default;
 * a file with a strength of its own paints it, mixed with the source below 0.1),
 * `keep_colors` (1: brightness from the painting, colours from the source),
 * `steadiness` (0 = every frame by itself, the default; up to 1: strokes of one film's frames, shown in
 * order, hold on to what they show, see below), and `brightness` (-1 to 1, of half of black to white) and
 * `contrast` (0 to 2, about mid grey) of all that is written, strength 0 included: 0 and 1, their defaults,
 * change no byte. A model's file may declare more, or its own instead of these. Values are floats, one or
 * several elements each. They may be read and set from any thread, while another one is in tempera_process,
 * and take effect with the next frame; a frame is painted with the values of one moment.
 *
 * Steadiness mixes a painting with the one before, moved along the motion of the source, where the source
 * shows the same thing. The first frame, and one after tempera_reset, a cut, a jump back in time, another
 * size, strength 0 or steadiness 0, is painted as if there were none; so is one whose parameters of the
 * network have gone by a twentieth of their range or more, or that shows the last frame again with others. A
 * frame that repeats the last one with the same parameters comes out the same. It takes 31 bytes a pixel of
 * the frame and some, when it is first above 0: in tempera_prepare, or else with the next frame, once. */
typedef enum tempera_parameter_kind {
  TEMPERA_PARAMETER_NUMBER = 0,  /* anything within the range */
  TEMPERA_PARAMETER_INTEGER = 1, /* rounded to the nearest */
  TEMPERA_PARAMETER_SWITCH = 2,  /* 0 or 1, rounded */
  TEMPERA_PARAMETER_WEIGHTS = 3 /* shares of a whole: the model is given them divided by their sum; where that
                                   is 0, its default */
} tempera_parameter_kind;

typedef struct tempera_parameter_info {
  size_t struct_size;
  const char* name;
  const char* line; /* what it does, one line for people; "" when nobody said */
  const char* unit; /* "" when it has none */
  int32_t kind;     /* tempera_parameter_kind */
  int32_t count;    /* elements, at least 1 */
  float minimum;    /* of every element */
  float maximum;
  const float* defaults;            /* count of them */
  const char* const* element_names; /* count of them, or NULL */
  const char* const* short_names; /* of styles, count of them ("great-wave"), or NULL: what tempera_set_style
                                     and the command's --style and --blend take */
} tempera_parameter_info;
#define TEMPERA_PARAMETER_INFO_INIT \
  {sizeof(tempera_parameter_info), NULL, NULL, NULL, 0, 0, 0.0f, 0.0f, NULL, NULL, NULL}

TEMPERA_API int32_t tempera_parameter_count(const tempera_stylizer* stylizer);
/* index: 0 to tempera_parameter_count - 1. Strings and arrays live as long as the stylizer. */
TEMPERA_API tempera_status tempera_get_parameter_info(const tempera_stylizer* stylizer, int32_t index,
                                                      tempera_parameter_info* info);
/* -1 when there is none of that name. */
TEMPERA_API int32_t tempera_find_parameter(const tempera_stylizer* stylizer, const char* name);

/* As many values as the parameter has elements. Refused as a whole when one is not within the range. */
TEMPERA_API tempera_status tempera_set_parameter(tempera_stylizer* stylizer, int32_t index,
                                                 const float* values, int32_t count);
TEMPERA_API tempera_status tempera_get_parameter(const tempera_stylizer* stylizer, int32_t index,
                                                 float* values, int32_t count);
/* The same, by name; TEMPERA_NOT_FOUND when there is none of that name. */
TEMPERA_API tempera_status tempera_set_named_parameter(tempera_stylizer* stylizer, const char* name,
                                                       const float* values, int32_t count);
TEMPERA_API tempera_status tempera_get_named_parameter(const tempera_stylizer* stylizer, const char* name,
                                                       float* values, int32_t count);
/* Which element of a parameter has this name, short or for people, whatever its case (blanks and underscores
 * count as dashes); -1 when there is none. */
TEMPERA_API int32_t tempera_find_element(const tempera_stylizer* stylizer, int32_t index, const char* name);
/* One of the styles that the file holds, alone: the parameter that blends them (of kind weights; the one that
 * has short names, or else the first whose elements have names) becomes 1 there and 0 elsewhere. It takes
 * effect as tempera_set_parameter does. TEMPERA_NOT_FOUND, with the names that there are, when there is no
 * such style. */
TEMPERA_API tempera_status tempera_set_style(tempera_stylizer* stylizer, const char* name);
/* tempera_set_named_parameter(stylizer, "strength", &strength, 1) */
TEMPERA_API tempera_status tempera_set_strength(tempera_stylizer* stylizer, float strength);

/* The size of the picture that is painted for a frame of this size, before the margin that the
 * network may need is mirrored onto it (and cut off again). */
TEMPERA_API tempera_status tempera_working_size(tempera_stylizer* stylizer, int32_t frame_width,
                                                int32_t frame_height, int32_t* width, int32_t* height);

/* Bytes that the current plan takes: activations, packed weights, inputs and states that are kept between
 * frames, pictures at its ends. 0 before the first frame. */
TEMPERA_API size_t tempera_memory_bytes(const tempera_stylizer* stylizer);

/* Metadata of the model ("tempera.style", "tempera.artist", ...; see docs/model-format.md);
 * NULL when it has none of that name. */
TEMPERA_API const char* tempera_metadata(const tempera_stylizer* stylizer, const char* key);

/* 1: the model's paintings have transparency of their own. Output images with alpha are given it; others are
 * painted without, which is a notice. 0: alpha is the input's. */
TEMPERA_API int32_t tempera_paints_alpha(const tempera_stylizer* stylizer);

/* What had to be guessed of the model (which numbers stand for black and white), and, once a frame that shows
 * something was painted, whether that painting looks as if the guess was wrong: one line each, also logged as
 * warnings. index from 0 on; NULL behind the last. */
TEMPERA_API const char* tempera_notice(const tempera_stylizer* stylizer, int32_t index);

/* Mask networks: a picture in, a plane of bytes out, as tempera_frame_params.mask takes it. */
typedef struct tempera_masker tempera_masker;

/* As tempera_open_file, but for what that logs of a model made for one size. A model that does not turn a
 * picture into planes [1, C, H', W'], or into the numbers of classes, is refused; its ends and its metadata
 * say which plane is the mask and what its numbers mean (docs/model-format.md, "Mask networks"), and what had
 * to be guessed is logged. It has no parameters. Where it has states, frames follow each other, as with a
 * painter; another size begins anew. A file that declares a size, or names one in its metadata, works at that
 * unless the options say otherwise; open any other with the size it was made for: not every one bears large
 * pictures. */
TEMPERA_API tempera_status tempera_mask_open_file(const char* path, const tempera_options* options,
                                                  tempera_masker** out);
/* The bytes may be freed once this returns. */
TEMPERA_API tempera_status tempera_mask_open_memory(const void* bytes, size_t size,
                                                    const tempera_options* options, tempera_masker** out);
/* NULL is allowed. */
TEMPERA_API void tempera_mask_close(tempera_masker* masker);
/* Writes the mask of `in`: 0 = nothing, 255 = what the network looks for. It covers the picture, whatever its
 * own width and height, 1 to 16384; rows from the top, strides as in tempera_image. */
TEMPERA_API tempera_status tempera_mask_process(tempera_masker* masker, const tempera_image* in,
                                                uint8_t* mask, ptrdiff_t mask_stride_bytes,
                                                int32_t mask_width, int32_t mask_height);
/* As tempera_prepare (nobody is told of its progress) and tempera_set_cancelled, for tempera_mask_process. */
TEMPERA_API tempera_status tempera_mask_prepare(tempera_masker* masker, int32_t width, int32_t height);
TEMPERA_API tempera_status tempera_mask_set_cancelled(tempera_masker* masker, int32_t cancelled);
/* As tempera_metadata. */
TEMPERA_API const char* tempera_mask_metadata(const tempera_masker* masker, const char* key);

/* What a mask network distinguishes, by index from 0 on: "person", "tv"; "" where neither the file nor the
 * number of its channels says. NULL behind the last. Lives as long as the masker. */
TEMPERA_API const char* tempera_mask_class_name(const tempera_masker* masker, int32_t index);
/* The index of a class by its name, in any case of letters, or its number as text; NULL or "": the file's
 * own. TEMPERA_NOT_FOUND, with the names there are, when there is none. */
TEMPERA_API tempera_status tempera_mask_find_class(const tempera_masker* masker, const char* name,
                                                   int32_t* index);

/* How the masks of a film's frames are made of what the network says; tempera_mask_process has none of it. */
typedef struct tempera_mask_params {
  size_t struct_size;
  float threshold; /* where the edge lies: above 0 and below 1; 0 = 0.5 */
  float hold;      /* 0: every frame by itself .. 1: masks that flicker least; moving edges stay sharp */
  int32_t
      plain_edges;  /* 1: masks enlarged as they are; 0: drawn along the edges of the frame, without specks.
                     * Where every frame is seen and none held, masks of above two thirds of the frame's
                     * width and height, the longer above 384 pixels, keep their own edges, less specks. */
  int32_t interval; /* the network sees every so many frames, 0 to 16, and its mask is moved along with what
                     * the frames in between show; 0 and 1: all of them */
} tempera_mask_params;
#define TEMPERA_MASK_PARAMS_INIT {sizeof(tempera_mask_params), 0.0f, 0.0f, 0, 0}

/* From the next frame on. params: NULL for the defaults. */
TEMPERA_API tempera_status tempera_mask_set_params(tempera_masker* masker, const tempera_mask_params* params);

/* Painting by regions: a mask network, or a mask that comes with each frame, says where in a frame what is,
 * and each region is painted in a style of its own, blurred, or left. The mask is always that of the very
 * frame it is used for. One thread at a time. */
typedef struct tempera_regions tempera_regions;

typedef struct tempera_region {
  size_t struct_size;
  /* A class of the masker as tempera_mask_find_class takes it; or "background": what no other region of the
   * list covers, or, where the list has no other, what the file's own class does not. Of a mask that comes
   * with the frame: NULL, "" or "mask" for where it is 255, or "background" likewise. */
  const char* name;
  tempera_stylizer* stylizer; /* paints it, with its own parameters; NULL: the input shows. Several regions
                               * may share one. Outlives its use here. */
  float blur;                 /* without a stylizer: the input is blurred, by a Gaussian whose standard
                               * deviation is so many pixels, 0 to 256; only what is the region's own */
  float feather;              /* its edges are softened by so many pixels either way: 0 to 1024 */
} tempera_region;
#define TEMPERA_REGION_INIT {sizeof(tempera_region), NULL, NULL, 0.0f, 0.0f}

/* masker: NULL = every frame brings its mask; otherwise it outlives this, and is used by nobody else. host:
 * NULL = one of its own, for the work that is no stylizer's. */
TEMPERA_API tempera_status tempera_regions_open(tempera_masker* masker, tempera_host* host,
                                                tempera_regions** out);
/* NULL is allowed. */
TEMPERA_API void tempera_regions_close(tempera_regions* regions);
/* From the next frame on. Later regions lie over earlier ones; what none covers is the input. 1 to 16 of
 * them; the names are looked up here. Each style paints its frame as it would without masks (strength 0 is
 * the input), once, and the masks say what of it shows. */
TEMPERA_API tempera_status tempera_regions_set(tempera_regions* regions, const tempera_region* list,
                                               int32_t count);
/* As tempera_process_frame. params->mask, where it is there, stands for every class of the masker, which does
 * not see this frame; of its mask_feather and a region's feather the larger one counts. params->under is
 * refused. Where a region covers nothing its stylizer is not run, and begins anew, as after a cut, when it
 * does again. */
TEMPERA_API tempera_status tempera_regions_process(tempera_regions* regions, const tempera_image* in,
                                                   const tempera_image* out,
                                                   const tempera_frame_params* params);
/* The mask of region `index` of the list in the last frame, feathered, at the frame's size: for what shows or
 * keeps masks. TEMPERA_INVALID_ARGUMENT before the first frame, or where width and height are not the
 * frame's. */
TEMPERA_API tempera_status tempera_regions_mask(const tempera_regions* regions, int32_t index, uint8_t* mask,
                                                ptrdiff_t mask_stride_bytes, int32_t mask_width,
                                                int32_t mask_height);
/* Plans as tempera_prepare, for the masker and all stylizers of the list. */
TEMPERA_API tempera_status tempera_regions_prepare(tempera_regions* regions, int32_t width, int32_t height,
                                                   int32_t format);
/* As tempera_reset, for the masker and all stylizers of the list. */
TEMPERA_API tempera_status tempera_regions_reset(tempera_regions* regions);
/* As tempera_set_cancelled, for the masker, all stylizers of the list, and the work between them. */
TEMPERA_API tempera_status tempera_regions_set_cancelled(tempera_regions* regions, int32_t cancelled);

/* The styles in a folder, for a page or a menu: what their files say of themselves, read without the weights.
 * Texts are one line of UTF-8 each, "" where the file says nothing, and live as long as the list. */
typedef struct tempera_style_list tempera_style_list;

typedef struct tempera_style_info {
  size_t struct_size;
  const char* name;  /* the file's, without .onnx */
  const char* path;  /* for tempera_open_file */
  const char* title; /* the picture's, or the name */
  const char* artist;
  const char* year;
  const char* license;
  const char*
      thumbnail_path;    /* a JPEG or PNG that lies beside the file; "" where it carries its own, or none */
  const void* thumbnail; /* the JPEG or PNG that it carries, encoded, or NULL */
  size_t thumbnail_bytes;
  int64_t file_bytes;
  const char* style; /* which of the styles in the file: for tempera_set_style; "" where it holds one */
} tempera_style_info;
#define TEMPERA_STYLE_INFO_INIT \
  {sizeof(tempera_style_info), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL}

/* By name. A file of many styles (docs/model-format.md) is listed as each of them, but for those that a file
 * of one style has the name of. A file that is no model is left out, with a warning to the log and a line in
 * tempera_skipped_style, where what was left out of a style is said too (a picture that is none);
 * TEMPERA_NOT_FOUND when there is no such folder. The caller frees the list. */
TEMPERA_API tempera_status tempera_list_styles(const char* folder, tempera_style_list** out);
TEMPERA_API void tempera_free_style_list(tempera_style_list* list); /* NULL is allowed */
TEMPERA_API int32_t tempera_style_count(const tempera_style_list* list);
/* index: 0 to tempera_style_count - 1 */
TEMPERA_API tempera_status tempera_get_style_info(const tempera_style_list* list, int32_t index,
                                                  tempera_style_info* info);
/* Why a file, or a style's picture, is not in the list: index from 0 on; NULL behind the last. */
TEMPERA_API const char* tempera_skipped_style(const tempera_style_list* list, int32_t index);

/* Why the last call on this thread that returns a status failed; "" when it did not. Valid until the
 * next such call on this thread. */
TEMPERA_API const char* tempera_error_message(void);

/* Process-wide, for what has no host with a log of its own; NULL (the default) silences. From any thread. */
TEMPERA_API void tempera_set_log_callback(tempera_log_callback callback, void* user);

/* "0.1.0" */
TEMPERA_API const char* tempera_version(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TEMPERA_TEMPERA_H_ */
