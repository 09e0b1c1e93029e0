// Masks, pictures under the painting, strength, kept colours, in-place frames, every two formats and odd
// sizes, all together: through the network's own ends and through tensors, against each other and against
// what must come out.
#include "src/stylize/frame_blender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/stylizer.h"

namespace tempera::stylize {
namespace {

using engine::TestModel;

// A picture of colours, its layers reading `kernel` by `kernel` pixels; one layer, or two with a norm
// between.
engine::ModelPtr Network(int layers) {
  TestModel m;
  std::string x = "x";
  int64_t channels = 3;
  if (layers == 2) {
    x = m.Node("Relu", {m.PaddedConv(x, 3, 16, 3, 1, 1, true)});
    channels = 16;
  }
  const std::string padded =
      m.Node("Pad", {x, m.Int64s({0, 0, 2, 2, 0, 0, 2, 2})}, {m.Text("mode", "reflect")});
  m.Output(m.Node("Conv", {padded, m.Random({3, channels, 5, 5}, -5, 5), m.Random({3}, 60, 190)}));
  auto model = m.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  return std::move(model).value();
}

std::unique_ptr<Stylizer> Make(const engine::ModelPtr& model, bool through_tensors, int threads) {
  StylizerOptions options;
  options.precision = engine::Precision::kFp32;
  options.through_tensors = through_tensors;
  options.num_threads = threads;
  auto s = Stylizer::Create(model, "the model", options);
  EXPECT_TRUE(s.ok()) << s.status().message();
  return std::move(s).value();
}

// Of strength (0) or keep_colors (1).
void Set(Stylizer& s, size_t parameter, float value) {
  ASSERT_TRUE(s.parameters().Set(parameter, {&value, 1}).ok());
}

struct OwnedMask {
  std::vector<uint8_t> bytes;
  Mask mask;

  enum class Kind { kNone, kAll, kNoise };
  OwnedMask(Kind kind, Size size, float feather, bool upwards, std::mt19937& random) {
    const int stride = size.width + 3;
    bytes.assign(static_cast<size_t>(stride) * static_cast<size_t>(size.height), 77);
    mask.size = size, mask.feather = feather;
    mask.pixels = bytes.data() + (upwards ? stride * (size.height - 1) : 0);
    mask.stride_bytes = upwards ? -stride : stride;
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        // Blots of nothing and of everything, and noise.
        const uint8_t any = static_cast<uint8_t>(random() % 3 == 0 ? random() : x * 5 / size.width % 2 * 255);
        bytes[static_cast<size_t>(y * stride + x)] = kind == Kind::kNone ? 0 : kind == Kind::kAll ? 255 : any;
      }
    }
  }
};

// The weight of a frame's pixel by definition, in double: tents about it, over a mask that goes on as it
// ends. Bilinear where nothing is feathered and the mask is smaller than the frame.
double PlainBilinear(const Mask& mask, Size frame, int x, int y) {
  const auto at = [&](int i, int j) {
    i = std::clamp(i, 0, mask.size.width - 1), j = std::clamp(j, 0, mask.size.height - 1);
    return mask.pixels[j * mask.stride_bytes + i] / 255.0;
  };
  const double u = (x + 0.5) * mask.size.width / frame.width - 0.5;
  const double v = (y + 0.5) * mask.size.height / frame.height - 0.5;
  const int i = static_cast<int>(std::floor(u)), j = static_cast<int>(std::floor(v));
  const double fx = u - i, fy = v - j;
  return (1 - fy) * ((1 - fx) * at(i, j) + fx * at(i + 1, j)) +
         fy * ((1 - fx) * at(i, j + 1) + fx * at(i + 1, j + 1));
}

const PixelKernels& Kernels() { return kernels::ChoosePixelKernels(ChooseCpuTarget().value().highway_bit); }

TEST(FrameMask, SmallMasksAreScaledBilinearly) {
  std::mt19937 random(3);
  const auto pool = ThreadPool::Create(3).value();
  FrameMask frame_mask(Kernels(), pool.get());
  for (const auto& [mask_size, frame] : {std::pair{Size{1, 1}, Size{7, 5}},
                                         {Size{2, 3}, Size{40, 31}},
                                         {Size{33, 9}, Size{33, 64}},
                                         {Size{17, 21}, Size{100, 21}},
                                         {Size{50, 40}, Size{50, 40}}}) {
    OwnedMask m(OwnedMask::Kind::kNoise, mask_size, 0, true, random);
    frame_mask.Show(m.mask, frame);
    std::vector<float> weights(static_cast<size_t>(frame.width));
    for (int y = 0; y < frame.height; ++y) {
      frame_mask.Weights(y, 0, frame.width, 1, weights.data());
      for (int x = 0; x < frame.width; ++x) {
        ASSERT_NEAR(weights[static_cast<size_t>(x)], PlainBilinear(m.mask, frame, x, y), 1e-4)
            << SizeToString(mask_size) << " " << SizeToString(frame) << " " << x << "," << y;
      }
    }
  }
}

TEST(FrameMask, LargeMasksAreAveraged) {
  // Every other column is painted: half of it shows, whatever the phase.
  const auto pool = ThreadPool::Create(2).value();
  FrameMask frame_mask(Kernels(), pool.get());
  std::vector<uint8_t> stripes(600 * 50);
  for (size_t i = 0; i < stripes.size(); ++i) stripes[i] = i % 2 != 0 ? 255 : 0;
  frame_mask.Show({stripes.data(), 600, {600, 50}, 0}, {60, 9});
  std::vector<float> weights(60);
  frame_mask.Weights(4, 0, 60, 1, weights.data());
  for (size_t x = 1; x < 59; ++x) ASSERT_NEAR(weights[x], 0.5, 0.02);  // the mask goes on as it ends
}

// An edge becomes a ramp that ends as far from it as it was told to, and rises all the way.
TEST(FrameMask, FeatherIsInPixelsOfTheFrame) {
  const auto pool = ThreadPool::Create(2).value();
  FrameMask frame_mask(Kernels(), pool.get());
  for (const int mask_width : {400, 800, 200, 100}) {
    for (const float feather : {2.0f, 10.0f, 40.0f, 100.0f}) {
      std::vector<uint8_t> half(static_cast<size_t>(mask_width) * 3);
      for (size_t i = 0; i < half.size(); ++i)
        half[i] = i % static_cast<size_t>(mask_width) * 2 >= static_cast<size_t>(mask_width) ? 255 : 0;
      frame_mask.Show({half.data(), mask_width, {mask_width, 3}, feather}, {400, 30});
      std::vector<float> w(400);
      frame_mask.Weights(13, 0, 400, 1, w.data());
      EXPECT_TRUE(std::is_sorted(w.begin(), w.end()));
      const int most = static_cast<int>(feather) + std::max(1, 400 / mask_width);
      EXPECT_EQ(w[static_cast<size_t>(199 - most)], 0) << mask_width << " " << feather;
      EXPECT_EQ(w[static_cast<size_t>(200 + most)], 1) << mask_width << " " << feather;
      const auto inner = static_cast<size_t>(feather / 2);
      EXPECT_NEAR(w[199 - inner] + w[200 + inner], 1, 0.02);
      EXPECT_GT(w[199 - inner], 0.05) << mask_width << " " << feather;
    }
  }
}

TEST(FrameMask, ThreadsAndEarlierMasksChangeNothing) {
  std::mt19937 random(9);
  const auto one = ThreadPool::Create(1).value(), four = ThreadPool::Create(4).value();
  FrameMask first(Kernels(), one.get()), second(Kernels(), four.get());
  for (int i = 0; i < 40; ++i) {
    const auto size = [&](int most) {
      return Size{1 + static_cast<int>(random() % static_cast<unsigned>(most)),
                  1 + static_cast<int>(random() % static_cast<unsigned>(most))};
    };
    const Size frame = size(90);
    OwnedMask m(OwnedMask::Kind::kNoise, size(130), i % 3 == 0 ? 0 : static_cast<float>(random() % 2000) / 50,
                i % 2, random);
    OwnedMask all(OwnedMask::Kind::kAll, m.mask.size, m.mask.feather, false, random);
    first.Show(m.mask, frame), second.Show(m.mask, frame);
    std::vector<float> a(static_cast<size_t>(frame.width)), b = a;
    for (int y = 0; y < frame.height; ++y) {
      first.Weights(y, 0, frame.width, 0.7f, a.data());
      second.Weights(y, 0, frame.width, 0.7f, b.data());
      ASSERT_EQ(a, b);
      for (float w : a) ASSERT_TRUE(w >= 0 && w <= 0.7f);
    }
    first.Show(all.mask, frame);
    for (int y = 0; y < frame.height; ++y) {
      first.Weights(y, 0, frame.width, 0.7f, a.data());
      for (float w : a) ASSERT_EQ(w, 0.7f);
    }
  }
}

// One drawn frame and how it is painted.
struct Draw {
  Size size;
  PixelFormat in, under, out;
  enum class Under { kSource, kSourceNamed, kOther, kOut } under_kind;
  bool in_place;
  float strength;
  bool masked;
  unsigned seed;
};

std::string Name(const Draw& d) {
  return SizeToString(d.size) + " in " + std::to_string(static_cast<int>(d.in)) + " under " +
         std::to_string(static_cast<int>(d.under)) + " kind " +
         std::to_string(static_cast<int>(d.under_kind)) + " out " + std::to_string(static_cast<int>(d.out)) +
         (d.in_place ? " in place" : "") + " strength " + std::to_string(d.strength) +
         (d.masked ? " masked" : "") + " seed " + std::to_string(d.seed);
}

// What `s` writes; `mask` may be nullptr.
std::vector<uint8_t> Painted(Stylizer& s, const Draw& d, const Mask* mask) {
  std::mt19937 random(d.seed);
  const auto coding = [&](PixelFormat format) {
    const unsigned n = static_cast<unsigned>(random());
    auto image = std::make_unique<OwnedImage>(format, d.size.width, d.size.height, static_cast<Matrix>(n % 3),
                                              n % 5 == 0, n % 7 == 0);
    image->Fill(random);
    return image;
  };
  const auto in = coding(d.in), under = coding(d.under), out = coding(d.out);
  FrameParams params;
  if (mask != nullptr) params.mask = *mask;
  const Image& target = d.in_place ? in->image : out->image;
  if (d.under_kind == Draw::Under::kSourceNamed) params.under = in->image;
  if (d.under_kind == Draw::Under::kOther) params.under = under->image;
  if (d.under_kind == Draw::Under::kOut) params.under = target;
  Set(s, 0, d.strength);
  const Status status = s.Process(in->image, target, params);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(in->GapsIntact() && out->GapsIntact());
  return d.in_place ? in->Pixels() : out->Pixels();
}

// The bytes of what lies under, in the format of the frame.
std::vector<uint8_t> UnderAlone(Stylizer& s, Draw d) {
  d.strength = 0;
  return Painted(s, d, nullptr);
}

TEST(FrameBlender, EverythingTogether) {
  std::mt19937 random(2026);
  const auto any = [&](unsigned n) { return static_cast<unsigned>(random()) % n; };
  for (int layers : {1, 2}) {
    const engine::ModelPtr model = Network(layers);
    for (const bool keep_colors : {false, true}) {
      const auto direct = Make(model, false, 3), plain = Make(model, true, 1);
      for (Stylizer* s : {direct.get(), plain.get()}) Set(*s, 1, keep_colors);
      for (int i = 0; i < 250; ++i) {
        Draw d;
        d.size = {1 + static_cast<int>(any(i % 10 == 0 ? 600 : 90)), 1 + static_cast<int>(any(70))};
        d.in = kFormats[any(7)], d.under = kFormats[any(7)], d.out = kFormats[any(7)];
        d.under_kind = static_cast<Draw::Under>(any(4));
        d.in_place = any(3) == 0;
        d.strength = any(2) == 0 ? 1 : 0.37f;
        d.seed = static_cast<unsigned>(random());
        d.masked = true;
        SCOPED_TRACE(Name(d) + " layers " + std::to_string(layers) + (keep_colors ? " keeps colours" : ""));
        const Size mask_size = {1 + static_cast<int>(any(120)), 1 + static_cast<int>(any(120))};
        const float feather = any(2) == 0 ? 0 : static_cast<float>(any(400)) / 10;
        const OwnedMask noise(OwnedMask::Kind::kNoise, mask_size, feather, any(2) == 0, random);
        const OwnedMask all(OwnedMask::Kind::kAll, mask_size, feather, any(2) == 0, random);
        const OwnedMask none(OwnedMask::Kind::kNone, mask_size, feather, any(2) == 0, random);
        const std::vector<uint8_t> masked = Painted(*direct, d, &noise.mask);
        ASSERT_TRUE(masked == Painted(*plain, d, &noise.mask));
        ASSERT_TRUE(Painted(*direct, d, &all.mask) == Painted(*plain, d, nullptr));
        ASSERT_TRUE(Painted(*plain, d, &all.mask) == Painted(*direct, d, nullptr));
        const std::vector<uint8_t> under = UnderAlone(*direct, d);
        ASSERT_TRUE(Painted(*direct, d, &none.mask) == under);
        ASSERT_TRUE(Painted(*plain, d, &none.mask) == under);
      }
    }
  }
}

// The painting known, what lies under known: their mean by the mask, to a byte, whatever lies in which
// format.
TEST(FrameBlender, MixesByMaskAndStrength) {
  TestModel grey;  // paints everything 200
  grey.Output(grey.Node("Conv", {"x", grey.Floats({3, 3, 1, 1}, std::vector<float>(9, 0.0f)),
                                 grey.Floats({3}, {200, 200, 200})}));
  const engine::ModelPtr model = grey.Load().value();
  for (const bool through_tensors : {false, true}) {
    const auto s = Make(model, through_tensors, 2);
    for (const float strength : {1.0f, 0.5f}) {
      OwnedImage in(PixelFormat::kRgb, 64, 40), under(PixelFormat::kRgba, 64, 40),
          out(PixelFormat::kRgb, 64, 40, Matrix::kBt709, false, true);
      std::mt19937 random(5);
      in.Fill(random), under.Fill(random);
      OwnedMask m(OwnedMask::Kind::kNoise, {13, 9}, 0, false, random);
      Set(*s, 0, strength);
      ASSERT_TRUE(s->Process(in.image, out.image, {.under = under.image, .mask = m.mask}).ok());
      for (int y = 0; y < 40; ++y) {
        for (int x = 0; x < 64; ++x) {
          const double weight = strength * PlainBilinear(m.mask, {64, 40}, x, y);
          for (int c = 0; c < 3; ++c) {
            const double below = under.image.Row(0, y)[4 * x + c];
            ASSERT_NEAR(out.image.Row(0, y)[3 * x + c], below + weight * (200 - below), 0.52);
          }
        }
      }
    }
  }
}

// Half a painting over ten bits is mixed in ten bits.
TEST(FrameBlender, TenBitsAreMixedInTenBits) {
  const engine::ModelPtr model = Network(2);
  const auto s = Make(model, false, 2);
  OwnedImage in(PixelFormat::kP010, 256, 64), whole(PixelFormat::kP010, 256, 64),
      out(PixelFormat::kP010, 256, 64);
  std::mt19937 random(5);
  in.Fill(random);
  in.ForEachSample(
      [](uint16_t v) { return static_cast<uint16_t>(((v >> 6) / 4 + 384) << 6); });  // none clipped
  ASSERT_TRUE(s->Process(in.image, whole.image).ok());
  Set(*s, 0, 1.0f / 1024);
  ASSERT_TRUE(s->Process(in.image, out.image).ok());
  int odd = 0;
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 256; ++x) {
      const int a = in.CodeAt(0, y, x), b = whole.CodeAt(0, y, x);
      ASSERT_NEAR(out.CodeAt(0, y, x), a + (b - a) / 1024.0, 0.6);
      odd += out.CodeAt(0, y, x) % 4 != 0;
    }
  }
  EXPECT_GT(odd, 256 * 64 / 2);  // eight bits would leave none
}

TEST(FrameBlender, FramesThatOverlapAreRefused) {
  const auto s = Make(Network(1), false, 1);
  std::vector<uint8_t> bytes(4 * 64 * 200);
  const auto image = [&](size_t at, ptrdiff_t stride, PixelFormat format = PixelFormat::kNv12,
                         int width = 64) {
    Image i;
    i.format = format, i.width = width, i.height = 32;
    i.planes[0] = bytes.data() + at, i.stride_bytes[0] = stride;
    i.planes[1] = bytes.data() + 25000 + at, i.stride_bytes[1] = stride;
    i.planes[2] = bytes.data() + 40000 + at, i.stride_bytes[2] = stride;
    return i;
  };
  const Image in = image(0, 200);
  Image other = in;
  EXPECT_TRUE(s->Process(in, other).ok());
  other.stride_bytes[1] = 64;
  EXPECT_FALSE(s->Process(in, other).ok());
  other = in, other.planes[1] += 2;
  EXPECT_FALSE(s->Process(in, other).ok());
  other = in, other.format = PixelFormat::kRgb, other.width = 64;
  EXPECT_FALSE(s->Process(in, image(0, 200, PixelFormat::kRgb)).ok());
  EXPECT_FALSE(s->Process(in, image(200, 200)).ok());  // one line further down
  EXPECT_FALSE(s->Process(in, image(63, 200)).ok());   // one column shared
  EXPECT_TRUE(s->Process(in, image(64, 200)).ok());    // side by side
  EXPECT_TRUE(s->Process(image(64, 200), in).ok());
  EXPECT_TRUE(s->Process(image(0, 400), image(200, 400)).ok());  // every other line
  Image flipped = in;
  flipped.planes[0] += 31 * 200, flipped.stride_bytes[0] = -200;
  EXPECT_FALSE(s->Process(in, flipped).ok());
  // What lies under, likewise.
  const Image out = image(100, 200);
  EXPECT_TRUE(s->Process(in, out, {.under = out}).ok());
  EXPECT_TRUE(s->Process(in, out, {.under = in}).ok());
  const Status refused = s->Process(in, out, {.under = image(110, 200)});
  EXPECT_NE(refused.message().find("under"), std::string::npos) << refused.message();
}

}  // namespace
}  // namespace tempera::stylize
