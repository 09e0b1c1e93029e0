#include "src/engine/run/chains/chain_order.h"

#include <algorithm>
#include <tuple>

namespace tempera::engine {
namespace {

// An order of so many tasks is made in some milliseconds.
constexpr int64_t kMostTasks = 1 << 17;

// Nanoseconds of a step, very roughly: only compared with one another.
double CostOf(const BandedStep& step) {
  constexpr double kMacs = 40, kRowBytes = 4;
  const BandedStep::Pictures pictures = step.pictures();
  const auto rows =
      static_cast<double>(pictures.read.n * pictures.read.h + pictures.written.n * pictures.written.h);
  double width = 1;
  if (step.info.output_shape.size() == 4) {
    width = static_cast<double>(step.info.output_shape[3] * step.info.output_shape[1]);
  }
  return static_cast<double>(step.info.macs) / kMacs + rows * width / kRowBytes;
}

bool LinkStep(std::span<BandedStep* const> all, size_t j, std::vector<ChainStep>& steps) {
  const BandedStep& step = *all[j];
  ChainStep& link = steps[j];
  const int64_t count = step.tasks();
  if (count < 1 || count > kMostTasks || !step.pictures().have_rows()) return false;
  for (int64_t t = 0; t < count; ++t) link.tasks.push_back({static_cast<int32_t>(t), step.RowsOf(t)});
  std::sort(link.tasks.begin(), link.tasks.end(), [](const auto& a, const auto& b) {
    const Rows &x = a.rows.writes, &y = b.rows.writes;
    return std::tie(x.first, x.last, a.task) < std::tie(y.first, y.last, b.task);
  });
  int64_t last = 0;
  for (const auto& task : link.tasks)
    link.written_up_to.push_back(last = std::max(last, task.rows.writes.last));
  for (size_t i = 0; i < j; ++i) {
    const BandedStep& source = *all[i];
    const bool read = std::any_of(source.writes.begin(), source.writes.end(), [&](StorageId id) {
      return std::find(step.reads.begin(), step.reads.end(), id) != step.reads.end();
    });
    if (!read) continue;
    if (!SamePicture(source.pictures().written, step.pictures().read)) return false;
    link.sources.push_back(static_cast<int32_t>(i));
  }
  for (const auto& task : link.tasks) {
    for (int32_t i : link.sources) {
      link.needs.push_back(steps[static_cast<size_t>(i)].Writers(i, task.rows.reads));
    }
  }
  link.cost = CostOf(step) / static_cast<double>(count);
  return true;
}

}  // namespace

ChainStep::Need ChainStep::Writers(int32_t step, const Rows& rows) const {
  if (rows.empty()) return {step, 0, 0};
  const auto first = std::partition_point(written_up_to.begin(), written_up_to.end(),
                                          [&](int64_t last) { return last <= rows.first; });
  const auto last = std::partition_point(tasks.begin(), tasks.end(),
                                         [&](const Task& t) { return t.rows.writes.first < rows.last; });
  return {step, static_cast<int32_t>(first - written_up_to.begin()),
          static_cast<int32_t>(last - tasks.begin())};
}

std::optional<std::vector<ChainStep>> LinkSteps(std::span<BandedStep* const> all) {
  std::vector<ChainStep> steps(all.size());
  int64_t tasks = 0;
  for (size_t j = 0; j < all.size(); ++j) {
    if (!LinkStep(all, j, steps)) return std::nullopt;
    tasks += static_cast<int64_t>(steps[j].tasks.size());
    if (tasks > kMostTasks) return std::nullopt;
  }
  return steps;
}

std::vector<ChainPlace> OrderDepthFirst(std::span<const ChainStep> steps, int threads) {
  // A task that is begun is done once the other threads together have begun as much work again; half as much
  // is added for estimates that are wrong.
  const double slack = 1.5 * (threads - 1);
  std::vector<int32_t> next(steps.size(), 0);
  std::vector<std::vector<double>> begun(steps.size());  // by place: all work begun up to and with it
  size_t count = 0;
  for (const ChainStep& step : steps) count += step.tasks.size();
  double now = 0;
  const auto is_ready = [&](size_t j, double margin) {
    if (static_cast<size_t>(next[j]) == steps[j].tasks.size()) return false;
    for (const ChainStep::Need& need : steps[j].NeedsOf(static_cast<size_t>(next[j]))) {
      if (need.first == need.last) continue;
      const auto i = static_cast<size_t>(need.source);
      if (next[i] < need.last) return false;
      if (now - begun[i][static_cast<size_t>(need.last - 1)] < margin * steps[i].cost) return false;
    }
    return true;
  };
  std::vector<ChainPlace> order;
  order.reserve(count);
  while (order.size() < count) {
    size_t chosen = steps.size();
    for (const double margin : {slack, 0.0}) {
      for (size_t j = steps.size(); j-- > 0 && chosen == steps.size();) {
        if (is_ready(j, margin)) chosen = j;
      }
    }
    // There always is one: of the first step with tasks left, what it needs is in steps without any.
    now += steps[chosen].cost;
    begun[chosen].push_back(now);
    order.push_back({static_cast<int32_t>(chosen), next[chosen]++});
  }
  return order;
}

}  // namespace tempera::engine
