// A Reshape is no step: what follows it reads the numbers where they lie, as another picture. Nothing that
// goes by rows, channels or tiles of the picture that was written may take the two for one.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

constexpr int64_t kNoLimit = int64_t{1} << 40;

std::string View(TestModel& m, const std::string& x, const std::vector<int64_t>& shape) {
  return m.Node("Reshape", {x, m.Int64s(shape)});
}

std::string Norm(TestModel& m, const std::string& x, int64_t channels) {
  return m.Node("InstanceNormalization", {x, m.Random({channels}, 0.5f, 2), m.Random({channels})});
}

struct Net {
  const char* name;
  Shape shape;
  std::function<std::string(TestModel&)> build;
};
const Net kNets[] = {
    {"norm of more channels",
     {1, 3, 24, 20},
     [](TestModel& m) {
       return Norm(m, View(m, m.PaddedConv("x", 3, 3, 3, 1, 1, false), {1, 6, 12, 20}), 6);
     }},
    {"norm of fewer channels",
     {1, 3, 24, 20},
     [](TestModel& m) {
       return Norm(m, View(m, m.PaddedConv("x", 3, 4, 3, 1, 1, false), {1, 2, 48, 20}), 2);
     }},
    {"norm of as many channels of another size",
     {1, 3, 24, 20},
     [](TestModel& m) {
       return Norm(m, View(m, m.PaddedConv("x", 3, 4, 3, 1, 1, false), {2, 4, 12, 20}), 4);
     }},
    {"norm of channels joined over images",
     {2, 3, 24, 20},
     [](TestModel& m) {
       return Norm(m, View(m, m.PaddedConv("x", 3, 4, 3, 1, 1, false), {1, 8, 24, 20}), 8);
     }},
    {"norm in front of the view",
     {1, 3, 24, 20},
     [](TestModel& m) {
       const std::string x = Norm(m, m.PaddedConv("x", 3, 4, 3, 1, 1, false), 4);
       return m.PaddedConv(View(m, x, {1, 2, 48, 20}), 2, 3, 3, 1, 1, true);
     }},
    {"rows of another width",
     {1, 3, 64, 20},
     [](TestModel& m) {
       const std::string x = m.PaddedConv("x", 3, 8, 3, 1, 1, false);
       return m.PaddedConv(View(m, x, {1, 4, 64, 40}), 4, 3, 3, 1, 1, false);
     }},
    {"rows of two images",
     {2, 3, 64, 20},
     [](TestModel& m) {
       const std::string x = m.PaddedConv("x", 3, 8, 3, 1, 1, false);
       return m.PaddedConv(View(m, x, {1, 8, 128, 20}), 8, 3, 3, 1, 1, false);
     }},
    {"a residual over a view",
     {1, 3, 64, 20},
     [](TestModel& m) {
       const std::string x = m.PaddedConv("x", 3, 8, 3, 1, 1, false);
       const std::string v = View(m, m.PaddedConv(x, 8, 8, 3, 1, 1, false), {1, 4, 64, 40});
       return m.PaddedConv(m.Node("Add", {v, View(m, x, {1, 4, 64, 40})}), 4, 3, 3, 1, 1, false);
     }},
    {"there and back",
     {1, 3, 64, 20},
     [](TestModel& m) {
       const std::string x = View(m, m.PaddedConv("x", 3, 8, 3, 1, 1, false), {8, 64, 20});
       return m.PaddedConv(Norm(m, View(m, x, {1, 8, 64, 20}), 8), 8, 3, 3, 1, 1, false);
     }},
    {"squeezed and flattened",
     {1, 3, 64, 20},
     [](TestModel& m) {
       const std::string x = m.Node("Squeeze", {m.PaddedConv("x", 3, 8, 3, 1, 1, false), m.Int64s({0})});
       const std::string y = m.Node("Flatten", {m.Node("Unsqueeze", {x, m.Int64s({1})})});
       return m.PaddedConv(Norm(m, View(m, y, {1, 16, 32, 20}), 16), 16, 3, 3, 1, 1, false);
     }},
};

TestModel Build(const Net& net) {
  TestModel m;
  m.Output(net.build(m));
  return m;
}

TEST(Views, AgreeWithPlainLoops) {
  for (const Net& net : kNets) {
    SCOPED_TRACE(net.name);
    EXPECT_GE(PlainLoops(Build(net), net.shape, 1e-5), 0);
  }
}

std::string Paint(Session& session, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-2, 2);
  Tensor& x = session.input(0);
  for (int64_t i = 0; i < x.element_count(); ++i) x.data<float>()[i] = uniform(random);
  EXPECT_TRUE(session.Run().ok());
  return {static_cast<const char*>(session.output(0).raw()), session.output(0).size_bytes()};
}

TEST(Views, GiveTheSameBytesInChains) {
  for (const Net& net : kNets) {
    SCOPED_TRACE(net.name);
    const ModelPtr model = Build(net).Load().value();
    for (const Precision precision : {Precision::kFp32, Precision::kInt8}) {
      SessionOptions options = {.num_threads = 1, .precision = precision, .plain_dot_kernels = true};
      options.chain_bytes = -1;
      const auto plain = Session::Create(model, {net.shape}, options).value();
      options.chain_bytes = kNoLimit;
      for (const int threads : {1, 2, 8}) {
        options.num_threads = threads;
        const auto chained = Session::Create(model, {net.shape}, options).value();
        for (unsigned picture = 0; picture < 3; ++picture) {
          ASSERT_TRUE(Paint(*plain, picture) == Paint(*chained, picture)) << threads << " threads";
        }
      }
    }
  }
}

// Statistics of the picture before, in the other order of steps: the picture itself comes out the same.
TEST(Views, AndPlainLoopsCarryStatistics) {
  TestModel m;
  std::string x = View(m, m.PaddedConv("x", 3, 8, 3, 1, 1, true), {1, 4, 48, 20});
  x = m.Node("Sub", {x, m.Node("ReduceMin", {x}, {TestModel::Ints("axes", {1})})});
  m.Output(m.PaddedConv(x, 4, 3, 3, 1, 1, true));
  const ModelPtr model = m.Load().value();
  const Shape shape = {1, 3, 24, 20};
  const auto exact = Session::Create(model, {shape}, {.num_threads = 2}).value();
  const auto carried =
      Session::Create(model, {shape}, {.num_threads = 2, .norm_statistics = NormStatistics::kCarried})
          .value();
  for (const unsigned picture : {1u, 2u}) {
    carried->ResetStatistics();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(Paint(*exact, picture) == Paint(*carried, picture)) << picture;
  }
  int loops = 0;
  for (const StepInfo& step : carried->steps()) loops += step.kernel == "reference";
  EXPECT_GT(loops, 0);
}

// A picture that ends show, and one that they take; both count what they are asked for.
struct Ends {
  std::vector<float> in, out;
  Shape shape;  // [1, c, h, w] of both

  static void Read(const void* self, const Region& r, int64_t row_step, int64_t plane_step, float* to) {
    const auto& e = *static_cast<const Ends*>(self);
    for (int64_t c = 0; c < e.shape[1]; ++c) {
      for (int64_t y = 0; y < r.rows; ++y) {
        const float* row = e.in.data() + (c * e.shape[2] + r.y + y) * e.shape[3] + r.x;
        std::copy_n(row, r.columns, to + c * plane_step + y * row_step);
      }
    }
  }
  static void Write(const void* self, const Region& r, int64_t row_step, int64_t plane_step, float* from) {
    auto& e = *const_cast<Ends*>(static_cast<const Ends*>(self));
    for (int64_t c = 0; c < e.shape[1]; ++c) {
      for (int64_t y = 0; y < r.rows; ++y) {
        float* row = e.out.data() + (c * e.shape[2] + r.y + y) * e.shape[3] + r.x;
        std::copy_n(from + c * plane_step + y * row_step, r.columns, row);
      }
    }
  }
};

struct EndsCase {
  const char* name;
  std::function<std::string(TestModel&)> build;
  bool reads, writes;
};
const EndsCase kEndsCases[] = {
    {"no view",
     [](TestModel& m) { return m.PaddedConv(m.PaddedConv("x", 3, 8, 3, 1, 1, false), 8, 3, 3, 1, 1, false); },
     true, true},
    {"views at both ends",
     [](TestModel& m) {
       const std::string x = m.PaddedConv(View(m, "x", {1, 1, 192, 64}), 1, 4, 3, 1, 1, false);
       return View(m, m.PaddedConv(x, 4, 1, 3, 1, 1, false), {1, 3, 64, 64});
     },
     false, false},
    {"rows of another width at both ends",
     [](TestModel& m) {
       const std::string x = m.PaddedConv(View(m, "x", {1, 3, 32, 128}), 3, 4, 3, 1, 1, false);
       return View(m, m.PaddedConv(x, 4, 3, 3, 1, 1, false), {1, 3, 64, 64});
     },
     false, false},
    {"three images of one channel",
     [](TestModel& m) {
       const std::string x = m.PaddedConv(View(m, "x", {3, 1, 64, 64}), 1, 4, 3, 1, 1, false);
       return View(m, m.PaddedConv(x, 4, 1, 3, 1, 1, false), {1, 3, 64, 64});
     },
     false, false},
    {"there and back",
     [](TestModel& m) {
       const std::string x = View(m, View(m, "x", {3, 64, 64}), {1, 3, 64, 64});
       return m.PaddedConv(m.PaddedConv(x, 3, 8, 3, 1, 1, false), 8, 3, 3, 1, 1, false);
     },
     true, true},
};

TEST(Views, AreNoPictureEnds) {
  for (const EndsCase& c : kEndsCases) {
    SCOPED_TRACE(c.name);
    TestModel m;
    m.Output(c.build(m));
    const ModelPtr model = m.Load().value();
    Ends ends;
    ends.shape = {1, 3, 64, 64};
    const auto plain = Session::Create(model, {ends.shape}, {.num_threads = 2}).value();
    const std::string want = Paint(*plain, 7);
    const Tensor& x = plain->input(0);
    ends.in.assign(x.span<float>().begin(), x.span<float>().end());
    ends.out.resize(ends.in.size());
    const PictureSource source = {&Ends::Read, &ends};
    const PictureSink sink = {&Ends::Write, &ends, 1};
    SessionOptions options = {.num_threads = 2};
    options.source = &source, options.sink = &sink;
    const auto session = Session::Create(model, {ends.shape}, options).value();
    ASSERT_EQ(session->reads_source(), c.reads);
    ASSERT_EQ(session->writes_sink(), c.writes);
    if (!c.reads) std::memcpy(session->input(0).raw(), ends.in.data(), want.size());
    ASSERT_TRUE(session->Run().ok());
    const void* out = c.writes ? ends.out.data() : session->output(0).raw();
    EXPECT_EQ(std::memcmp(out, want.data(), want.size()), 0);
  }
}

// Ends of another number of planes than the graph's picture.
TEST(Views, EndsOfOtherChannelsAreNotTaken) {
  TestModel m;
  m.Output(m.PaddedConv(m.PaddedConv("x", 4, 8, 3, 1, 1, false), 8, 1, 3, 1, 1, false));
  const PictureSource source = {};
  const PictureSink sink = {};
  SessionOptions options = {.num_threads = 1};
  options.source = &source, options.sink = &sink;
  const auto session = Session::Create(m.Load().value(), {{1, 4, 16, 16}}, options).value();
  EXPECT_FALSE(session->reads_source() || session->writes_sink());
}

}  // namespace
}  // namespace tempera::engine
