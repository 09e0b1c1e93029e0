// What the steps of all convolutions have in common: a plan of a kernel's, the arguments of its tasks, and
// what is folded in around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "src/engine/ends/task_ends.h"
#include "src/engine/plan/norm.h"
#include "src/engine/plan/steps/conv_step.h"

namespace tempera::engine {

// Base: BandedStep or a class over it. Plan: of one of the convolution kernels; Args: kernels::ConvArgs or
// ConvNhwcArgs, as its RunTask takes them.
template <class Base, class Plan, class Args>
class PlannedConvStep : public Base {
 public:
  PlannedConvStep(std::shared_ptr<const Plan> plan, const ConvWork& work, StepMaker& maker)
      : keeps_plan_(std::move(plan)),
        plan_(*keeps_plan_),
        from_(maker.read().storage),
        to_(maker.node().writes[0]) {
    args_.read = maker.PointwiseOf(maker.read());
    args_.write = ActivationOf(work, maker);
    this->scratch_bytes = plan_.scratch_bytes;
    this->info.macs = plan_.shape.macs();
  }

  void Bind(const Memory& memory) override {
    args_.input = static_cast<decltype(args_.input)>(memory.at(from_));
    args_.output = static_cast<decltype(args_.output)>(memory.at(to_));
  }

  int64_t tasks() const override { return plan_.tasks; }
  BandedStep::Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(plan_, task); }
  void RunTask(int64_t task, void* scratch) override { plan_.RunTask(args_, task, scratch); }

 private:
  std::shared_ptr<const Plan> keeps_plan_;  // other steps may share it (shared_convs.h)

 protected:
  const Plan& plan_;
  Args args_;

 private:
  StorageId from_, to_;
};

// Of kernels that gather moments.
template <class Plan, class Args>
class GatheringConvStep : public PlannedConvStep<GatheringStep, Plan, Args> {
 public:
  using PlannedConvStep<GatheringStep, Plan, Args>::PlannedConvStep;

  void AddNorm(InstanceNorm* norm) override {
    const Plan& p = this->plan_;
    this->args_.moments =
        this->Gather(norm, p.shape.n * p.shape.out_channels * p.tiles, p.tiles * p.shape.pixels_a_channel());
  }
};

// Of those whose tasks can read from a picture's source and write to its sink, where they see planes.
template <class Plan, class Args>
class ConvStepWithEnds : public GatheringConvStep<Plan, Args> {
 public:
  using GatheringConvStep<Plan, Args>::GatheringConvStep;

  void RunTask(int64_t task, void* scratch) override {
    ends_.RunTask(this->plan_, this->args_, task, scratch);
  }
  bool TakeSource(const PictureSource* source) override {
    if (!ends_.TakeSource(this->plan_, source)) return false;
    this->scratch_bytes = ends_.ScratchBytes(this->plan_.scratch_bytes);
    return true;
  }
  bool TakeSink(const PictureSink* sink) override {
    if (!ends_.TakeSink(this->plan_, sink)) return false;
    this->scratch_bytes = ends_.ScratchBytes(this->plan_.scratch_bytes);
    return true;
  }

 private:
  TaskEnds ends_;
};

// ConvStep: one of the above. `plan` goes into it, so what is asked of a plan is asked before.
template <class ConvStep, class Plan>
MadeStep NewConvStep(std::shared_ptr<const Plan> plan, size_t weight_bytes, std::string kernel,
                     const ConvWork& work, StepMaker& maker) {
  std::unique_ptr<Step> step = std::make_unique<ConvStep>(std::move(plan), work, maker);
  step->weight_bytes = weight_bytes;
  step->info.kernel = std::move(kernel);
  return step;
}
template <class ConvStep, class Plan>
MadeStep NewConvStep(Plan plan, size_t weight_bytes, std::string kernel, const ConvWork& work,
                     StepMaker& maker) {
  return NewConvStep<ConvStep>(std::make_shared<const Plan>(std::move(plan)), weight_bytes, std::move(kernel),
                               work, maker);
}

// Of a form over planes.
template <typename ConvPlan>
MadeStep NewPlaneConvStep(ConvPlan planned, const std::string& kernel, const ConvWork& work,
                          StepMaker& maker) {
  const kernels::ConvShape shape = planned.shape;
  const size_t numbers = maker.Peek(work.weights).size() + static_cast<size_t>(shape.out_channels);
  return NewConvStep<GatheringConvStep<ConvPlan, kernels::ConvArgs>>(
      std::move(planned), numbers * sizeof(float),
      kernel + ConvShapeName(shape) + (shape.upsample == 2 ? " x2" : "") + " planar " + maker.target_name(),
      work, maker);
}

}  // namespace tempera::engine
