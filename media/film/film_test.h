// For tests of films that are not as they should be.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "media/test_clip.h"

namespace tempera::media {

class FilmTest : public ClipTest {
 protected:
  // Pictures at 25 a second and sound, LENGTH seconds long.
  static std::string Source(const std::string& length, const std::string& more = "") {
    return "-f lavfi -i testsrc2=s=64x48:r=25:d=" + length + " -f lavfi -i sine=440:d=" + length +
           " -pix_fmt yuv420p -c:v libx264 -preset ultrafast " + more + " -c:a mp2 -shortest ";
  }
  // Times of a stream's packets in the order in which they are shown, seconds.
  static std::vector<double> Times(const std::string& path, const std::string& stream) {
    std::istringstream lines(Shell("ffprobe -v error -select_streams " + stream +
                                   " -show_entries packet=pts_time -of csv=p=0 '" + path + "'"));
    std::vector<double> times;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line[0] != 'N') times.push_back(std::stod(line));
    }
    std::sort(times.begin(), times.end());
    return times;
  }
  // The longest and the shortest step.
  static double Longest(const std::vector<double>& times) {
    double longest = 0;
    for (size_t i = 1; i < times.size(); ++i) longest = std::max(longest, times[i] - times[i - 1]);
    return longest;
  }
  static double Shortest(const std::vector<double>& times) {
    double shortest = 1e9;
    for (size_t i = 1; i < times.size(); ++i) shortest = std::min(shortest, times[i] - times[i - 1]);
    return shortest;
  }
  void Join(const std::string& a, const std::string& b, const std::string& to) const {
    Shell("cat '" + Path(a) + "' '" + Path(b) + "' >'" + Path(to) + "'");
  }
  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void SetBytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  // What reading it says; and, where asked for, how often each frame was given at which time.
  static std::string ReadNotes(const std::string& path, std::vector<double>* times = nullptr,
                               const ReaderOptions& options = {}) {
    auto reader = VideoReader::Open(path, options);
    if (!reader.ok()) return reader.status().message();
    for (;;) {
      auto frame = (*reader)->Read();
      if (!frame.ok()) return frame.status().message();
      if (!frame->has_value()) break;
      if (times) times->push_back((*frame)->pts_us * 1e-6);
    }
    std::string all;
    for (const std::string& n : (*reader)->notices()) all += n + "\n";
    return all;
  }
};

}  // namespace tempera::media
