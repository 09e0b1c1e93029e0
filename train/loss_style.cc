#include "train/loss_style.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "train/compute/gram_product.h"

namespace tempera::train {
namespace {

// Written out, because autograd would make two products and several copies of what is one product: with
// F [pixels, c] a picture's features, G = s F^T F, and the gradient of F is s F (g + g^T).
struct GramFunction : torch::autograd::Function<GramFunction> {
  static double Scale(const torch::Tensor& x) {
    return 1.0 / static_cast<double>(x.size(1) * x.size(2) * x.size(3));
  }

  // Whether our own products serve: libtorch's BLAS may be older than the processor, and then slow.
  static bool Ours(const torch::Tensor& x) {
    return x.is_cpu() && x.scalar_type() == torch::kFloat && x.size(1) % 16 == 0;
  }

  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& features) {
    const torch::Tensor x = features.contiguous(torch::MemoryFormat::ChannelsLast);
    context->save_for_backward({x});
    const int64_t n = x.size(0), c = x.size(1);
    const torch::Tensor rows = x.permute({0, 2, 3, 1}).view({n, -1, c});
    std::vector<torch::Tensor> grams;
    grams.reserve(n);
    if (Ours(x)) {
      torch::Tensor result = torch::empty({n, c, c}, x.options());
      for (int64_t i = 0; i < n; ++i) {
        TORCH_CHECK(GramProduct(rows[i].data_ptr<float>(), rows.size(1), static_cast<int>(c),
                                static_cast<float>(Scale(x)), result[i].data_ptr<float>()),
                    "not enough memory");
      }
      return result;
    }
    // One product a picture: libtorch 1.13's batched product does not reach BLAS.
    for (int64_t i = 0; i < n; ++i) grams.push_back(torch::mm(rows[i].t(), rows[i]));
    return torch::stack(grams).to(torch::kFloat) * Scale(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::Tensor x = context->get_saved_variables()[0];
    const int64_t n = x.size(0), c = x.size(1);
    const torch::Tensor g = ((gradients[0] + gradients[0].transpose(1, 2)) * Scale(x)).to(x.scalar_type());
    torch::Tensor result = torch::empty_like(x);
    const torch::Tensor rows = x.permute({0, 2, 3, 1}).view({n, -1, c});
    torch::Tensor result_rows = result.permute({0, 2, 3, 1}).view({n, -1, c});
    if (Ours(x)) {
      const torch::Tensor matrix = g.contiguous();
      for (int64_t i = 0; i < n; ++i) {
        TORCH_CHECK(GramGradient(rows[i].data_ptr<float>(), rows.size(1), static_cast<int>(c),
                                 matrix[i].data_ptr<float>(), result_rows[i].data_ptr<float>()),
                    "not enough memory");
      }
      return {result};
    }
    for (int64_t i = 0; i < n; ++i) {
      torch::Tensor to = result_rows[i];
      torch::mm_out(to, rows[i], g[i]);
    }
    return {result};
  }
};

}  // namespace

torch::Tensor GramMatrix(const torch::Tensor& features) { return GramFunction::apply(features); }

StyleLoss::StyleLoss(const std::vector<FeatureMap>& photos, std::map<std::string, double> layer_weights) {
  torch::NoGradGuard no_grad;
  for (const auto& [name, weight] : layer_weights) {
    Layer& layer = layers_[name];
    layer.weight = weight;
    for (const FeatureMap& photo : photos) layer.photos.push_back(GramMatrix(photo.at(name)));
  }
}

void StyleLoss::AddTarget(const std::vector<FeatureMap>& painting) {
  torch::NoGradGuard no_grad;
  for (auto& [name, layer] : layers_) {
    torch::Tensor target;  // [1, c, c]
    for (const FeatureMap& size : painting) {
      const torch::Tensor gram = GramMatrix(size.at(name)) / static_cast<double>(painting.size());
      target = target.defined() ? target + gram : gram;
    }
    double plain = 0;
    for (const torch::Tensor& photo : layer.photos) {
      plain += (photo - target).square().sum({1, 2}).mean().item<double>() /
               static_cast<double>(layer.photos.size());
    }
    layer.scales.push_back(static_cast<float>(layer.weight / std::max(plain, 1e-12)));
    const torch::Tensor row = target.reshape({1, -1});
    layer.targets = layer.targets.defined() ? torch::cat({layer.targets, row}) : row;
  }
}

torch::Tensor StyleLoss::operator()(const FeatureMap& features, const torch::Tensor& shares) const {
  torch::Tensor sum;
  for (const auto& [name, layer] : layers_) {
    const torch::Tensor gram = GramMatrix(features.at(name));
    const torch::Tensor target = torch::mm(shares, layer.targets).view(gram.sizes());
    const torch::Tensor scale =
        torch::mv(shares, torch::tensor(layer.scales, torch::kFloat).to(shares.device()));
    const torch::Tensor term = (gram - target).square().sum({1, 2}) * scale;
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

}  // namespace tempera::train
