// Runs a GStreamer pipeline and writes the frames that come to its appsink `out`, planes packed, into a file.
//   tempera_gst_frames [OPTION]... PIPELINE FILE
//   --turn FRAME PROPERTY=VALUE  sets a property of the element `paint` before that frame (from 0) enters it
//   --fade PROPERTY              a controller moves it from 0 to 1 within the first second
//   --discont FRAME              marks that frame
//   --pad BYTES                  frames enter it with rows so much longer than they need be
//   --again FRAMES               after so many frames back to the beginning, and as many again
// Says on standard output how many frames were painted, skipped, and said to be skipped by messages. An error
// of the pipeline is printed, and ends it with 1.
#include <gst/app/gstappsink.h>
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Job {
  int turn_frame = -1, discont_frame = -1, pad = 0, again = 0;
  std::string property, value, fade;
  GstElement* paint = nullptr;
  int entered = 0;
};

// The same pixels in rows of another length.
GstBuffer* Padded(GstBuffer* buffer, const GstVideoInfo& info, int pad) {
  GstVideoFrame from, to;
  GstVideoInfo wide = info;
  gsize size = 0;
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES(&info); ++i) {
    wide.stride[i] += pad;
    wide.offset[i] = size;
    size += static_cast<gsize>(wide.stride[i]) *
            static_cast<gsize>(GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(info.finfo, i, info.height));
  }
  GstBuffer* padded = gst_buffer_new_allocate(nullptr, size, nullptr);
  gst_buffer_memset(padded, 0, 0xa5, size);
  gst_buffer_copy_into(padded, buffer,
                       static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS), 0,
                       static_cast<gsize>(-1));
  gst_buffer_add_video_meta_full(padded, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info),
                                 static_cast<guint>(info.width), static_cast<guint>(info.height),
                                 GST_VIDEO_INFO_N_PLANES(&info), wide.offset, wide.stride);
  if (gst_video_frame_map(&from, &info, buffer, GST_MAP_READ)) {
    if (gst_video_frame_map(&to, &info, padded, GST_MAP_WRITE)) {
      gst_video_frame_copy(&to, &from);
      gst_video_frame_unmap(&to);
    }
    gst_video_frame_unmap(&from);
  }
  return padded;
}

GstPadProbeReturn Enter(GstPad* pad, GstPadProbeInfo* probe, gpointer user) {
  Job* job = static_cast<Job*>(user);
  if (job->entered == job->turn_frame)
    gst_util_set_object_arg(G_OBJECT(job->paint), job->property.c_str(), job->value.c_str());
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(probe);
  if (job->entered == job->discont_frame) {
    buffer = gst_buffer_make_writable(buffer);
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  }
  if (job->pad > 0) {
    GstCaps* caps = gst_pad_get_current_caps(pad);
    GstVideoInfo info;
    if (gst_video_info_from_caps(&info, caps)) {
      GstBuffer* padded = Padded(buffer, info, job->pad);
      gst_buffer_unref(buffer);
      buffer = padded;
    }
    gst_caps_unref(caps);
  }
  GST_PAD_PROBE_INFO_DATA(probe) = buffer;
  ++job->entered;
  return GST_PAD_PROBE_OK;
}

void WritePacked(GstSample* sample, FILE* file) {
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
      !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ)) {
    std::printf("FAILED: a frame that cannot be read\n");
    std::exit(1);
  }
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame); ++plane) {
    // Of the plane's first component; NV12's second plane has two.
    const guint component = plane;
    const auto row_bytes = static_cast<size_t>(GST_VIDEO_FRAME_COMP_WIDTH(&frame, component)) *
                           static_cast<size_t>(GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, component));
    const auto* row = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, component); ++y) {
      std::fwrite(row, 1, row_bytes, file);
      row += GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);
    }
  }
  gst_video_frame_unmap(&frame);
}

void Fade(const Job& job) {
  GstControlSource* source = gst_interpolation_control_source_new();
  g_object_set(source, "mode", GST_INTERPOLATION_MODE_LINEAR, nullptr);
  auto* points = GST_TIMED_VALUE_CONTROL_SOURCE(source);
  gst_timed_value_control_source_set(points, 0, 0);
  gst_timed_value_control_source_set(points, GST_SECOND, 1);
  gst_object_add_control_binding(
      GST_OBJECT(job.paint), gst_direct_control_binding_new(GST_OBJECT(job.paint), job.fade.c_str(), source));
  gst_object_unref(source);
}

// Looks at what the pipeline said so far: how many messages of skipped frames; errors end the program.
guint64 ReadMessages(GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  guint64 qos = 0;
  while (GstMessage* message = gst_bus_pop(bus)) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      std::printf("error: %s\n", error->message);
      std::exit(1);
    }
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_QOS) ++qos;
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return qos;
}

int Usage() {
  std::fprintf(stderr, "tempera_gst_frames [OPTION]... PIPELINE FILE\n");
  return 2;
}

bool ReadOptions(int argc, char** argv, Job* job, int* at) {
  for (*at = 1; *at < argc && std::strncmp(argv[*at], "--", 2) == 0;) {
    const std::string option = argv[(*at)++];
    if (*at >= argc) return false;
    const char* value = argv[(*at)++];
    if (option == "--turn") {
      if (*at >= argc) return false;
      const std::string turn = argv[(*at)++];
      const size_t equals = turn.find('=');
      if (equals == std::string::npos) return false;
      job->turn_frame = std::atoi(value);
      job->property = turn.substr(0, equals), job->value = turn.substr(equals + 1);
    } else if (option == "--fade") {
      job->fade = value;
    } else if (option == "--discont") {
      job->discont_frame = std::atoi(value);
    } else if (option == "--pad") {
      job->pad = std::atoi(value);
    } else if (option == "--again") {
      job->again = std::atoi(value);
    } else {
      return false;
    }
  }
  return *at + 2 == argc;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  Job job;
  int at = 1;
  if (!ReadOptions(argc, argv, &job, &at)) return Usage();
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(argv[at], &error);
  if (error != nullptr) return std::printf("error: %s\n", error->message), 1;
  job.paint = gst_bin_get_by_name(GST_BIN(pipeline), "paint");
  GstElement* out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  FILE* file = std::fopen(argv[at + 1], "wb");
  if (out == nullptr || file == nullptr) return Usage();
  if (job.paint != nullptr) {
    GstPad* pad = gst_element_get_static_pad(job.paint, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, Enter, &job, nullptr);
    gst_object_unref(pad);
    if (!job.fade.empty()) Fade(job);
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  guint64 qos = 0;
  int pulled = 0;
  while (GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(out))) {
    WritePacked(sample, file);
    gst_sample_unref(sample);
    qos += ReadMessages(pipeline);
    ++pulled;
    if (pulled == job.again) gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
    if (job.again > 0 && pulled == 2 * job.again) break;
  }
  qos += ReadMessages(pipeline);
  guint64 painted = 0, skipped = 0;
  if (job.paint != nullptr) g_object_get(job.paint, "painted", &painted, "skipped", &skipped, nullptr);
  std::printf("painted %llu skipped %llu qos %llu\n", static_cast<unsigned long long>(painted),
              static_cast<unsigned long long>(skipped), static_cast<unsigned long long>(qos));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return std::fclose(file) == 0 ? 0 : 1;
}
