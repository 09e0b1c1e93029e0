// The GStreamer element temperavideo: paints video/x-raw in the style of a picture, in place.
#include <gst/gst.h>
#include <gst/video/gstvideofilter.h>
#include <gst/video/video.h>

#include <exception>
#include <string>

#include "plugins/common/painting.h"
#include "plugins/gstreamer/settings.h"

GST_DEBUG_CATEGORY_STATIC(tempera_video_debug);
#define GST_CAT_DEFAULT tempera_video_debug

namespace {

using tempera::Error;
using tempera::plugins::Look;
using tempera::plugins::Painting;
using tempera::plugins::gstreamer::InstallProperties;
using tempera::plugins::gstreamer::Settings;

struct TemperaVideo {
  GstVideoFilter parent;
  Settings* settings;  // guarded by the element's object lock
  Painting* painting;
};

struct TemperaVideoClass {
  GstVideoFilterClass parent;
};

#define TEMPERA_VIDEO_CAPS                                                                             \
  "video/x-raw, format=(string){ I420, NV12, RGBA, BGRx }, width=(int)[ 1, 16384 ], height=(int)[ 1, " \
  "16384 ], framerate=(fraction)[ 0/1, max ]"

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(TEMPERA_VIDEO_CAPS));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(TEMPERA_VIDEO_CAPS));

G_DEFINE_TYPE(TemperaVideo, tempera_video, GST_TYPE_VIDEO_FILTER)

TemperaVideo* Self(gpointer object) { return static_cast<TemperaVideo*>(object); }

void PostError(TemperaVideo* self, const Error& error) {
  const char* line = error.message.c_str();
  switch (error.code) {
    case TEMPERA_NOT_FOUND:
      GST_ELEMENT_ERROR(self, RESOURCE, NOT_FOUND, ("%s", line), (nullptr));
      break;
    case TEMPERA_INVALID_ARGUMENT:
      GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS, ("%s", line), (nullptr));
      break;
    case TEMPERA_CORRUPT_MODEL:
    case TEMPERA_UNSUPPORTED:
      GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("%s", line), (nullptr));
      break;
    case TEMPERA_OUT_OF_MEMORY:
      GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT, ("%s", line), (nullptr));
      break;
    default:
      GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("%s", line), (nullptr));
  }
}

// A frame of one of the template's formats. Its numbers for colour are H.273's, as the library has them; what
// it cannot take for what it is (FCC's matrix, PQ, HLG), it refuses in one line.
tempera_image ImageOf(GstVideoFrame* frame) {
  tempera_image image = TEMPERA_IMAGE_INIT;
  switch (GST_VIDEO_FRAME_FORMAT(frame)) {
    case GST_VIDEO_FORMAT_I420:
      image.format = TEMPERA_I420;
      break;
    case GST_VIDEO_FORMAT_NV12:
      image.format = TEMPERA_NV12;
      break;
    case GST_VIDEO_FORMAT_BGRx:
      image.format = TEMPERA_BGRA;
      break;
    default:
      image.format = TEMPERA_RGBA;
  }
  image.width = GST_VIDEO_FRAME_WIDTH(frame);
  image.height = GST_VIDEO_FRAME_HEIGHT(frame);
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(frame); ++i) {
    image.planes[i] = static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(frame, i));
    image.stride_bytes[i] = GST_VIDEO_FRAME_PLANE_STRIDE(frame, i);
  }
  const GstVideoColorimetry& color = frame->info.colorimetry;
  if (GST_VIDEO_FORMAT_INFO_IS_YUV(frame->info.finfo)) {
    if (color.matrix != GST_VIDEO_COLOR_MATRIX_UNKNOWN)
      image.matrix = static_cast<int32_t>(gst_video_color_matrix_to_iso(color.matrix));
    if (color.range == GST_VIDEO_COLOR_RANGE_0_255) image.range = TEMPERA_RANGE_FULL;
    if (color.range == GST_VIDEO_COLOR_RANGE_16_235) image.range = TEMPERA_RANGE_LIMITED;
  }
  if (color.transfer != GST_VIDEO_TRANSFER_UNKNOWN)
    image.transfer = static_cast<int32_t>(gst_video_transfer_function_to_iso(color.transfer));
  return image;
}

Look CurrentLook(TemperaVideo* self) {
  GST_OBJECT_LOCK(self);
  Look look = self->settings->look();
  GST_OBJECT_UNLOCK(self);
  return look;
}

GstFlowReturn PaintFrame(TemperaVideo* self, GstVideoFrame* frame) {
  const tempera_image image = ImageOf(frame);
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  if (GST_BUFFER_PTS_IS_VALID(frame->buffer))
    params.timestamp_us = static_cast<int64_t>(GST_BUFFER_PTS(frame->buffer) / GST_USECOND);
  const Error error = self->painting->Paint(CurrentLook(self), image, image, params);
  if (error.code == TEMPERA_CANCELLED) return GST_FLOW_FLUSHING;
  if (error) {
    PostError(self, error);
    return GST_FLOW_ERROR;
  }
  for (const std::string& line : self->painting->NewNotices())
    GST_ELEMENT_WARNING(self, STREAM, FORMAT, ("%s", line.c_str()), (nullptr));
  GST_OBJECT_LOCK(self);
  ++self->settings->painted;
  GST_OBJECT_UNLOCK(self);
  return GST_FLOW_OK;
}

const Error kNoMemory = {TEMPERA_OUT_OF_MEMORY, "no memory for this frame; set short-side to paint smaller"};

GstFlowReturn TransformFrame(GstVideoFilter* filter, GstVideoFrame* frame) {
  try {
    return PaintFrame(Self(filter), frame);
  } catch (const std::exception&) {
    PostError(Self(filter), kNoMemory);
    return GST_FLOW_ERROR;
  }
}

// Values that a controller moves, at the frame's time.
void BeforeTransform(GstBaseTransform* transform, GstBuffer* buffer) {
  const GstClockTime time =
      gst_segment_to_stream_time(&transform->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (GST_CLOCK_TIME_IS_VALID(time)) gst_object_sync_values(GST_OBJECT(transform), time);
}

// Late frames are the base class's matter; here they are counted.
GstFlowReturn SubmitInputBuffer(GstBaseTransform* transform, gboolean is_discont, GstBuffer* input) {
  TemperaVideo* self = Self(transform);
  if (is_discont) self->painting->Reset();
  const GstFlowReturn result =
      GST_BASE_TRANSFORM_CLASS(tempera_video_parent_class)->submit_input_buffer(transform, is_discont, input);
  if (result == GST_BASE_TRANSFORM_FLOW_DROPPED) {
    GST_OBJECT_LOCK(self);
    ++self->settings->skipped;
    GST_OBJECT_UNLOCK(self);
  }
  return result;
}

gboolean SinkEvent(GstBaseTransform* transform, GstEvent* event) {
  // These come between frames, in the thread that paints them or with its lock.
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
    case GST_EVENT_FLUSH_STOP:
    case GST_EVENT_SEGMENT:
      Self(transform)->painting->Reset();
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS(tempera_video_parent_class)->sink_event(transform, event);
}

// Opens style and mask, so that one that is not there stops the pipeline before it begins.
gboolean Start(GstBaseTransform* transform) {
  TemperaVideo* self = Self(transform);
  self->painting->SetCancelled(false);
  GST_OBJECT_LOCK(self);
  self->settings->painted = self->settings->skipped = 0;
  GST_OBJECT_UNLOCK(self);
  try {
    const Error error = self->painting->Follow(CurrentLook(self));
    if (error) PostError(self, error);
    return error ? FALSE : TRUE;
  } catch (const std::exception&) {
    PostError(self, kNoMemory);
    return FALSE;
  }
}

gboolean Stop(GstBaseTransform* transform) {
  Self(transform)->painting->Forget();
  return TRUE;
}

// The first frame of a size may take seconds: nobody waits for it who wants to end.
GstStateChangeReturn ChangeState(GstElement* element, GstStateChange change) {
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) Self(element)->painting->SetCancelled(true);
  return GST_ELEMENT_CLASS(tempera_video_parent_class)->change_state(element, change);
}

void SetProperty(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GST_OBJECT_LOCK(object);
  const bool known = SetSetting(Self(object)->settings, id, value);
  GST_OBJECT_UNLOCK(object);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void GetProperty(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  GST_OBJECT_LOCK(object);
  const bool known = GetSetting(*Self(object)->settings, id, value);
  GST_OBJECT_UNLOCK(object);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void Finalize(GObject* object) {
  delete Self(object)->painting;
  delete Self(object)->settings;
  G_OBJECT_CLASS(tempera_video_parent_class)->finalize(object);
}

void tempera_video_class_init(TemperaVideoClass* klass) {
  GST_DEBUG_CATEGORY_INIT(tempera_video_debug, "temperavideo", 0, "Paints video in the style of a picture");
  GObjectClass* object = G_OBJECT_CLASS(klass);
  object->set_property = SetProperty;
  object->get_property = GetProperty;
  object->finalize = Finalize;
  InstallProperties(object);
  GstElementClass* element = GST_ELEMENT_CLASS(klass);
  element->change_state = ChangeState;
  gst_element_class_add_static_pad_template(element, &sink_template);
  gst_element_class_add_static_pad_template(element, &src_template);
  gst_element_class_set_static_metadata(element, "Tempera", "Filter/Effect/Video",
                                        "Paints video in the style of a picture", "The Tempera authors");
  GstBaseTransformClass* transform = GST_BASE_TRANSFORM_CLASS(klass);
  transform->start = Start;
  transform->stop = Stop;
  transform->sink_event = SinkEvent;
  transform->submit_input_buffer = SubmitInputBuffer;
  transform->before_transform = BeforeTransform;
  transform->transform_ip_on_passthrough = FALSE;
  GST_VIDEO_FILTER_CLASS(klass)->transform_frame_ip = TransformFrame;
}

void tempera_video_init(TemperaVideo* self) {
  self->settings = new Settings;
  self->painting = new Painting;
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), TRUE);
}

gboolean RegisterPlugin(GstPlugin* plugin) {
  return gst_element_register(plugin, "temperavideo", GST_RANK_NONE, tempera_video_get_type());
}

}  // namespace

#define PACKAGE "tempera"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, tempera, "Paints video in the style of a picture",
                  RegisterPlugin, TEMPERA_PLUGIN_VERSION, "MIT/X11", "Tempera", "Unknown package origin")
