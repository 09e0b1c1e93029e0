#include "src/stylize/frame_tensors.h"

#include <algorithm>
#include <cstring>

namespace tempera::stylize {
namespace {

// Rows per task: enough tasks to balance threads, few enough that a band's edge (rows scaled
// twice) costs little; even, so that 4:2:0 row pairs never straddle two bands.
int BandRows(int rows, int threads) {
  const int per_task = (rows + 4 * threads - 1) / (4 * threads);
  return std::max(2, (per_task + 1) & ~1);
}

template <typename F>
void ForBands(ThreadPool* pool, int rows, F&& fn) {
  const int band = pool->num_threads() == 1 ? rows : BandRows(rows, pool->num_threads());
  pool->ParallelFor((rows + band - 1) / band, [&](int task, int thread) {
    fn(task * band, std::min(rows, (task + 1) * band), thread);
  });
}

RgbRow RowIn(std::vector<float>& all, int index, int width) {
  float* p = all.data() + static_cast<size_t>(index) * 3 * static_cast<size_t>(width);
  return {p, p + width, p + 2 * static_cast<size_t>(width)};
}

}  // namespace

FrameToTensor::FrameToTensor(Size frame, Size working, Size padded, metadata::ValueFormat values,
                             const PixelKernels& kernels, ThreadPool* pool)
    : frame_(frame),
      working_(working),
      padded_(padded),
      values_(values),
      kernels_(&kernels),
      pool_(pool),
      x_(MakeResampleAxis(frame.width, 0, frame.width, working.width)),
      y_(MakeResampleAxis(frame.height, 0, frame.height, working.height)),
      scales_(frame != working) {
  if (scales_) {
    for (int i = 0; i < pool->num_threads(); ++i) resamplers_.emplace_back(x_, y_, kernels);
  }
}

RgbRow FrameToTensor::TensorRow(Tensor& tensor, int y) const {
  const size_t plane = static_cast<size_t>(padded_.width) * static_cast<size_t>(padded_.height);
  float* p = tensor.data<float>() + static_cast<size_t>(y) * static_cast<size_t>(padded_.width);
  return values_.bgr ? RgbRow{p + 2 * plane, p + plane, p} : RgbRow{p, p + plane, p + 2 * plane};
}

void FrameToTensor::LoadRow(const Image& in, int y, RgbRow out, int thread) {
  if (scales_) {
    resamplers_[static_cast<size_t>(thread)].Row(
        y, [&](int row, RgbRow to) { ReadRow(*kernels_, in, row, to); }, out);
  } else {
    ReadRow(*kernels_, in, y, out);
  }
  // Only YCbCr and the cubic leave the range of bytes.
  const bool bytes = !IsSubsampled(in.format) && !scales_;
  float* const planes[] = {out.r, out.g, out.b};
  for (size_t colour = 0; colour < 3; ++colour) {
    float* const plane = planes[colour];
    const float scale = values_.scale(colour), low = values_.low[colour];
    if (!bytes || scale != 1 || low != 0) kernels_->clamp_affine(plane, working_.width, scale, low, plane);
    for (int x = working_.width; x < padded_.width; ++x) plane[x] = plane[ReflectIndex(x, working_.width)];
  }
}

void FrameToTensor::Run(const Image& in, Tensor& tensor) {
  for (RowResampler& r : resamplers_) r.Reset();
  ForBands(pool_, working_.height, [&](int begin, int end, int thread) {
    for (int y = begin; y < end; ++y) LoadRow(in, y, TensorRow(tensor, y), thread);
  });
  const size_t row_bytes = static_cast<size_t>(padded_.width) * sizeof(float);
  for (int y = working_.height; y < padded_.height; ++y) {
    const RgbRow from = TensorRow(tensor, ReflectIndex(y, working_.height)), to = TensorRow(tensor, y);
    std::memcpy(to.r, from.r, row_bytes);
    std::memcpy(to.g, from.g, row_bytes);
    std::memcpy(to.b, from.b, row_bytes);
  }
}

TensorToFrame::TensorToFrame(Size painted, Size padded, Size working, Size frame,
                             metadata::ValueFormat values, const PixelKernels& kernels, ThreadPool* pool)
    : painted_(painted),
      frame_(frame),
      values_(values),
      kernels_(&kernels),
      pool_(pool),
      // The margin is cropped in the painting's own pixels, wherever its edge falls.
      x_(MakeResampleAxis(painted.width, 0, static_cast<double>(working.width) * painted.width / padded.width,
                          frame.width)),
      y_(MakeResampleAxis(painted.height, 0,
                          static_cast<double>(working.height) * painted.height / padded.height,
                          frame.height)),
      scales_(working != frame || painted != padded) {
  for (int i = 0; i < pool->num_threads(); ++i) {
    if (scales_) resamplers_.emplace_back(x_, y_, kernels);
    rows_.emplace_back(2 * 3 * static_cast<size_t>(frame.width));
  }
}

void TensorToFrame::FetchRow(const Tensor& tensor, const TransparencyOfRows* transparency, int row, int width,
                             RgbRow to) {
  const size_t plane = static_cast<size_t>(painted_.width) * static_cast<size_t>(painted_.height);
  const size_t begin = static_cast<size_t>(row) * static_cast<size_t>(painted_.width);
  float* const planes[] = {to.r, to.g, to.b};
  // Clamped before any scaling: a NaN or a wild number stays in its own pixel.
  for (size_t colour = 0; colour < 3; ++colour) {
    const float scale = 255.0f / (values_.high[colour] - values_.low[colour]);
    const float* const from = tensor.data<float>() + begin + (values_.bgr ? 2 - colour : colour) * plane;
    kernels_->affine_clamp(from, width, scale, values_.low[colour], planes[colour]);
  }
  if (transparency == nullptr) return;
  const metadata::ValueFormat& values = transparency->values;
  const float* const alpha = transparency->tensor->data<float>() + begin;
  const float low = values.low[0], scale = 1 / (values.high[0] - low);
  for (int x = 0; x < width; ++x) {
    float share = (alpha[x] - low) * scale;
    share = share > 0 ? std::min(share, 1.0f) : 0;  // NaN: 0
    for (float* p : planes) p[x] *= share;
  }
}

void TensorToFrame::PaintedRow(const Tensor& tensor, const TransparencyOfRows* transparency, int y,
                               RgbRow out, int thread) {
  if (!scales_) return FetchRow(tensor, nullptr, y, frame_.width, out);
  resamplers_[static_cast<size_t>(thread)].Row(
      y, [&](int row, RgbRow to) { FetchRow(tensor, transparency, row, painted_.width, to); }, out);
  if (transparency != nullptr) {
    const uint8_t* const alpha =
        transparency->frame + static_cast<ptrdiff_t>(y) * static_cast<ptrdiff_t>(frame_.width);
    for (float* p : {out.r, out.g, out.b}) {
      for (int x = 0; x < frame_.width; ++x)
        p[x] = alpha[x] == 0 ? 0 : p[x] * 255.0f / static_cast<float>(alpha[x]);
    }
  }
  // The cubic may overshoot a little.
  for (float* p : {out.r, out.g, out.b}) kernels_->clamp_affine(p, frame_.width, 1, 0, p);
}

void TensorToFrame::Run(const Tensor& tensor, const FrameBlender& blender,
                        const TransparencyOfRows* transparency) {
  for (RowResampler& r : resamplers_) r.Reset();
  ForBands(pool_, frame_.height, [&](int begin, int end, int thread) {
    std::vector<float>& numbers = rows_[static_cast<size_t>(thread)];
    const RgbRow painted[2] = {RowIn(numbers, 0, frame_.width), RowIn(numbers, 1, frame_.width)};
    for (int y = begin; y < end; y += 2) {
      const int count = std::min(2, end - y);
      for (int i = 0; i < count; ++i) PaintedRow(tensor, transparency, y + i, painted[i], thread);
      blender.Write(y, count, 0, frame_.width, painted);
    }
  });
}

}  // namespace tempera::stylize
