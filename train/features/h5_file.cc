#include "train/features/h5_file.h"

#include <hdf5.h>

#include <string_view>
#include <vector>

#include "train/features/vgg19_weights.h"

namespace tempera::train {

namespace {

// Deep enough for /model_weights/block1_conv1/block1_conv1/kernel:0.
constexpr int kMaxDepth = 6;
constexpr int kMaxObjects = 2000;
constexpr hsize_t kMaxElements = 512 * 512 * 9;

// An identifier of HDF5's, closed at the end.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

Status Broken(const std::string& name) {
  return CorruptModel("'" + name + "' cannot be read from it: the file is cut off or damaged");
}

// "block1_conv1" out of "/model_weights/block1_conv1/block1_conv1/kernel:0", "" where there is none.
std::string LayerName(const std::string& path) {
  const size_t at = path.find("/block");
  if (at == std::string::npos) return "";
  const std::string name = path.substr(at + 1, path.find('/', at + 1) - at - 1);
  return name.find("_conv") == std::string::npos ? "" : name;
}

class Walker {
 public:
  Status Walk(hid_t group, const std::string& path, int depth);
  Safetensors result;

 private:
  Status ReadDataset(hid_t group, const std::string& name, const std::string& path);
  int objects_ = 0;
};

// Only what lies in the file as numbers: no raw data in other files, no virtual data sets.
bool IsPlain(hid_t dataset) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (properties < 0) return false;
  const H5D_layout_t layout = H5Pget_layout(properties);
  if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT) return false;
  return H5Pget_external_count(properties) == 0;
}

// [height, width, in, out] to [out, in, height, width].
std::vector<float> ToOihw(const std::vector<float>& from, const std::vector<int64_t>& shape) {
  const size_t taps = static_cast<size_t>(shape[0] * shape[1]), in = static_cast<size_t>(shape[2]),
               out = static_cast<size_t>(shape[3]);
  std::vector<float> to(from.size());
  for (size_t t = 0; t < taps; ++t) {
    for (size_t c = 0; c < in; ++c) {
      for (size_t k = 0; k < out; ++k) to[(k * in + c) * taps + t] = from[(t * in + c) * out + k];
    }
  }
  return to;
}

Status Walker::ReadDataset(hid_t group, const std::string& name, const std::string& path) {
  const std::string layer = LayerName(path);
  if (layer.empty()) return OkStatus();
  const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (dataset < 0) return Broken(path);
  const Handle space(H5Dget_space(dataset), H5Sclose), type(H5Dget_type(dataset), H5Tclose);
  if (space < 0 || type < 0) return Broken(path);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (H5Tget_class(type) != H5T_FLOAT || (rank != 1 && rank != 4) || !IsPlain(dataset)) {
    return CorruptModel("'" + path + "' is no plain array of numbers");
  }
  hsize_t dims[4];
  if (H5Sget_simple_extent_dims(space, dims, nullptr) != rank) return Broken(path);
  hsize_t count = 1;
  FloatArray array;
  // Other layers are no business of ours, whatever room they ask for.
  bool bias = false;
  if (Vgg19LayerOf(layer + (rank == 4 ? ".weight" : ".bias"), &bias) < 0) return OkStatus();
  for (int d = 0; d < rank; ++d) {
    if (dims[d] == 0 || dims[d] > kMaxElements || (count *= dims[d]) > kMaxElements) {
      return CorruptModel("'" + path + "' is larger than any layer of VGG-19");
    }
    array.shape.push_back(static_cast<int64_t>(dims[d]));
  }
  array.values.resize(static_cast<size_t>(count));
  if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()) < 0)
    return Broken(path);
  if (rank == 4) {
    if (array.shape[0] != 3 || array.shape[1] != 3) {
      return Unsupported("'" + path +
                         "' is not [3, 3, in, out]: files of Theano's order (th_dim_ordering) are not "
                         "read; take the one of TensorFlow's (tf_dim_ordering)");
    }
    array.values = ToOihw(array.values, array.shape);
    array.shape = {array.shape[3], array.shape[2], array.shape[0], array.shape[1]};
  }
  const std::string key = layer + (rank == 4 ? ".weight" : ".bias");
  if (!result.arrays.emplace(key, std::move(array)).second) {
    return CorruptModel("it holds '" + key + "' twice");
  }
  return OkStatus();
}

Status Walker::Walk(hid_t group, const std::string& path, int depth) {
  H5G_info_t info;
  if (depth > kMaxDepth || H5Gget_info(group, &info) < 0) return Broken(path);
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    if (++objects_ > kMaxObjects) return Unsupported("it holds more objects than a network's weights");
    char name[256];
    const ssize_t length =
        H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
    if (length < 0 || length >= static_cast<ssize_t>(sizeof name)) return Broken(path);
    H5L_info_t link;
    if (H5Lget_info(group, name, &link, H5P_DEFAULT) < 0) return Broken(path);
    if (link.type != H5L_TYPE_HARD) continue;  // links to other places and other files
    const std::string inner = path + "/" + name;
    const Handle object(H5Oopen(group, name, H5P_DEFAULT), H5Oclose);
    if (object < 0) return Broken(inner);
    const H5I_type_t kind = H5Iget_type(object);
    if (kind == H5I_GROUP) TEMPERA_RETURN_IF_ERROR(Walk(object, inner, depth + 1));
    if (kind == H5I_DATASET) TEMPERA_RETURN_IF_ERROR(ReadDataset(group, name, inner));
  }
  return OkStatus();
}

}  // namespace

bool LooksLikeH5File(std::string_view bytes) {
  return bytes.substr(0, 8) == std::string_view("\x89HDF\r\n\x1a\n", 8);
}

Result<Safetensors> ReadH5File(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // it prints otherwise
  H5PLset_loading_state(0);                     // no plugins, whatever the file asks for
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (file < 0) return CorruptModel("it is cut off or damaged");
  const Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose);
  if (root < 0) return CorruptModel("it is cut off or damaged");
  Walker walker;
  TEMPERA_RETURN_IF_ERROR(walker.Walk(root, "", 0));
  return std::move(walker.result);
}

}  // namespace tempera::train
