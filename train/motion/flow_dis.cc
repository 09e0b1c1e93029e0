#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/video/tracking.hpp>

#include "train/motion/flow.h"

namespace tempera::train {
namespace {

// OpenCV's own grey.
cv::Mat Grey(const media::RgbImage& image) {
  cv::Mat grey(image.height, image.width, CV_8U);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* to = grey.ptr<uint8_t>(y);
    const uint8_t* from = &image.pixels[static_cast<size_t>(y) * static_cast<size_t>(image.width) * 3];
    for (int x = 0; x < image.width; ++x, from += 3) {
      to[x] = static_cast<uint8_t>((299 * from[0] + 587 * from[1] + 114 * from[2] + 500) / 1000);
    }
  }
  return grey;
}

// Between the pixels, zero outside.
cv::Vec2f At(const cv::Mat& field, float x, float y) {
  const int x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
  const float wx = x - static_cast<float>(x0), wy = y - static_cast<float>(y0);
  auto pixel = [&](int px, int py) {
    const bool inside = px >= 0 && py >= 0 && px < field.cols && py < field.rows;
    return inside ? field.at<cv::Vec2f>(py, px) : cv::Vec2f(0, 0);
  };
  const cv::Vec2f top = pixel(x0, y0) * (1 - wx) + pixel(x0 + 1, y0) * wx;
  const cv::Vec2f bottom = pixel(x0, y0 + 1) * (1 - wx) + pixel(x0 + 1, y0 + 1) * wx;
  return top * (1 - wy) + bottom * wy;
}

}  // namespace

struct FlowEstimator::Search {
  cv::Ptr<cv::DISOpticalFlow> dis = cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_MEDIUM);
};

FlowEstimator::FlowEstimator() : search_(std::make_unique<Search>()) {
  // Its stripes are as many as there are threads, and hand on guesses within a stripe only.
  cv::setNumThreads(1);
}
FlowEstimator::~FlowEstimator() = default;

Flow FlowEstimator::Estimate(const media::RgbImage& first, const media::RgbImage& second) {
  const cv::Mat a = Grey(first), b = Grey(second);
  cv::Mat there, back;
  search_->dis->calc(a, b, there);
  search_->dis->calc(b, a, back);
  Flow flow(first.width, first.height);
  size_t i = 0;
  for (int y = 0; y < flow.height; ++y) {
    for (int x = 0; x < flow.width; ++x, ++i) {
      const cv::Vec2f w = there.at<cv::Vec2f>(y, x);
      const float tx = static_cast<float>(x) + w[0], ty = static_cast<float>(y) + w[1];
      const cv::Vec2f r = At(back, tx, ty);
      const cv::Vec2f sum = w + r;
      flow.dx[i] = w[0];
      flow.dy[i] = w[1];
      flow.valid[i] = sum.dot(sum) < 0.01f * (w.dot(w) + r.dot(r)) + 0.5f;
    }
  }
  MaskOutside(&flow);
  return flow;
}

}  // namespace tempera::train
