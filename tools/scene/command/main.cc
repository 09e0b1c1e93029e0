// tempera-scene: renders the sample scene to a video, a folder of pictures or one picture.
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "media/image.h"
#include "tools/scene/outputs.h"
#include "tools/scene/scene.h"

namespace tempera::scene {
namespace {

constexpr const char* kHelp =
    "Usage: tempera-scene -o OUT [options]\n"
    "Renders the sample scene, a bay at a late hour, the same from the same seed.\n"
    "\n"
    "  -o, --output OUT      video OUT.y4m, '-' for Y4M on standard output, or a folder for PNG frames\n"
    "      --size WxH        picture size (640x360)\n"
    "      --frames N        length (96)\n"
    "      --fps R           frames a second (24)\n"
    "      --seed N          another seed, another bay (1)\n"
    "      --noise S         sensor noise, standard deviation in 8-bit steps (1.5)\n"
    "      --frame N OUT.png only frame N, as a picture\n"
    "      --ground-truth DIR  flow_NNNNNN.flo, occlusion_NNNNNN.png, labels_NNNNNN.png for each frame\n"
    "      --audio OUT.wav   wind and surf as long as the video\n"
    "      --static-camera   hold the camera still\n"
    "      --threads N       threads (one per CPU); the result does not depend on it\n"
    "  -h, --help            this text\n";

struct Arguments {
  SceneOptions scene;
  int frames = 96;
  int single_frame = -1;
  std::string output, picture, truth, audio;
};

template <typename T>
bool ParseNumber(std::string_view text, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

int UsageError(const std::string& message) {
  std::fprintf(stderr, "tempera-scene: %s; see tempera-scene --help\n", message.c_str());
  return 2;
}

// 0 to go on, otherwise the exit code + 1 (so that 1 means: done, exit 0).
int Parse(int argc, char** argv, Arguments* args) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const auto bad = [&](const char* value) {
      return 1 + UsageError("'" + std::string(value) + "' is not a value for " + std::string(option));
    };
    if (option == "-h" || option == "--help") {
      std::fputs(kHelp, stdout);
      return 1;
    }
    if (option == "--static-camera") {
      args->scene.moving_camera = false;
      continue;
    }
    static constexpr std::string_view kWithValue[] = {"-o",      "--output",       "--size",  "--frames",
                                                      "--fps",   "--seed",         "--noise", "--threads",
                                                      "--frame", "--ground-truth", "--audio"};
    bool known = false;
    for (std::string_view name : kWithValue) known |= option == name;
    if (!known) return 1 + UsageError("unknown option '" + std::string(option) + "'");
    if (i + 1 >= argc) return 1 + UsageError(std::string(option) + " needs a value");
    const char* value = argv[++i];
    if (option == "-o" || option == "--output") {
      args->output = value;
    } else if (option == "--size") {
      const std::string_view text = value;
      const size_t x = text.find('x');
      if (x == text.npos || !ParseNumber(text.substr(0, x), &args->scene.width) ||
          !ParseNumber(text.substr(x + 1), &args->scene.height)) {
        return bad(value);
      }
    } else if (option == "--frames") {
      if (!ParseNumber(value, &args->frames) || args->frames < 1 || args->frames > 1000000) return bad(value);
    } else if (option == "--fps") {
      if (!ParseNumber(value, &args->scene.fps)) return bad(value);
    } else if (option == "--seed") {
      if (!ParseNumber(value, &args->scene.seed)) return bad(value);
    } else if (option == "--noise") {
      if (!ParseNumber(value, &args->scene.noise)) return bad(value);
    } else if (option == "--threads") {
      if (!ParseNumber(value, &args->scene.threads) || args->scene.threads < 0) return bad(value);
    } else if (option == "--frame") {
      if (!ParseNumber(value, &args->single_frame) || args->single_frame < 0) return bad(value);
      if (i + 1 >= argc) return 1 + UsageError("--frame needs a number and a PNG file");
      args->picture = argv[++i];
    } else if (option == "--ground-truth") {
      args->truth = value;
    } else {
      args->audio = value;
    }
  }
  if (args->output.empty() && args->picture.empty() && args->truth.empty() && args->audio.empty()) {
    return 1 + UsageError("nothing to write: give -o, --frame, --ground-truth or --audio");
  }
  return 0;
}

std::string Numbered(const std::string& folder, const char* stem, int frame, const char* extension) {
  char name[64];
  std::snprintf(name, sizeof(name), "%s_%06d.%s", stem, frame, extension);
  return (std::filesystem::path(folder) / name).string();
}

Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return IoError("cannot make the folder " + path + ": " + error.message() + "; choose another");
  return OkStatus();
}

Status WriteGray(const std::string& path, int width, int height, const std::vector<uint8_t>& gray) {
  media::RgbImage image{width, height, std::vector<uint8_t>(gray.size() * 3)};
  for (size_t i = 0; i < gray.size(); ++i) {
    image.pixels[3 * i] = image.pixels[3 * i + 1] = image.pixels[3 * i + 2] = gray[i];
  }
  return media::WriteImage(path, image);
}

Status WriteTruth(const std::string& folder, int frame, const GroundTruth& truth) {
  TEMPERA_RETURN_IF_ERROR(
      WriteFlo(Numbered(folder, "flow", frame, "flo"), truth.width, truth.height, truth.flow));
  TEMPERA_RETURN_IF_ERROR(
      WriteGray(Numbered(folder, "occlusion", frame, "png"), truth.width, truth.height, truth.occluded));
  return WriteGray(Numbered(folder, "labels", frame, "png"), truth.width, truth.height, truth.labels);
}

Status Render(const Arguments& args) {
  if (!args.audio.empty()) {
    TEMPERA_RETURN_IF_ERROR(WriteAmbience(args.audio, args.frames / args.scene.fps, args.scene.seed));
  }
  if (args.output.empty() && args.picture.empty() && args.truth.empty()) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(auto scene, Scene::Create(args.scene));
  if (!args.truth.empty()) TEMPERA_RETURN_IF_ERROR(MakeFolder(args.truth));
  if (!args.picture.empty()) {
    TEMPERA_RETURN_IF_ERROR(media::WriteImage(args.picture, scene->RenderFrame(args.single_frame)));
    if (args.output.empty()) {
      return args.truth.empty()
                 ? OkStatus()
                 : WriteTruth(args.truth, args.single_frame, scene->TruthAt(args.single_frame));
    }
  }
  const bool video = args.output == "-" || args.output.ends_with(".y4m");
  std::unique_ptr<Y4mWriter> writer;
  if (video) {
    TEMPERA_ASSIGN_OR_RETURN(
        writer, Y4mWriter::Open(args.output, args.scene.width, args.scene.height, args.scene.fps));
  } else if (!args.output.empty()) {
    TEMPERA_RETURN_IF_ERROR(MakeFolder(args.output));
  }
  for (int frame = 0; frame < args.frames; ++frame) {
    if (video) {
      TEMPERA_RETURN_IF_ERROR(writer->Write(scene->RenderFrame(frame)));
    } else if (!args.output.empty()) {
      TEMPERA_RETURN_IF_ERROR(
          media::WriteImage(Numbered(args.output, "frame", frame, "png"), scene->RenderFrame(frame)));
    }
    if (!args.truth.empty()) TEMPERA_RETURN_IF_ERROR(WriteTruth(args.truth, frame, scene->TruthAt(frame)));
  }
  return video ? writer->Close() : OkStatus();
}

int Main(int argc, char** argv) {
  Arguments args;
  if (const int code = Parse(argc, argv, &args)) return code - 1;
  const std::string_view out = args.output;
  for (std::string_view extension : {".mp4", ".mkv", ".mov", ".webm", ".png"}) {
    if (out.ends_with(extension)) {
      return UsageError(args.output +
                        " is neither .y4m nor a folder (for mp4, pipe '-o -' into ffmpeg -i -)");
    }
  }
  const Status status = Render(args);
  if (status.ok()) return 0;
  std::fprintf(stderr, "tempera-scene: %s\n", status.message().c_str());
  return status.code() == StatusCode::kInvalidArgument ? 2 : 1;
}

}  // namespace
}  // namespace tempera::scene

int main(int argc, char** argv) { return tempera::scene::Main(argc, argv); }
