// SPDX-License-Identifier: Apache-2.0
// OCI image layouts and `docker save` archives.
#include "backend/oci/image_source.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/sha256.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>

#include <algorithm>
#include <clocale>
#include <fstream>
#include <iterator>
#include <optional>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

#if defined(__x86_64__)
constexpr std::string_view architecture = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view architecture = "arm64";
#else
constexpr std::string_view architecture = "";
#endif

BackendError broken(const std::string& what) {
  return failure("the image is broken: " + what, image_failed);
}

std::string read_document(const fs::path& file) {
  std::error_code code;
  const auto size = fs::file_size(file, code);
  if (code) throw broken(file.string() + " is missing");
  if (size > limits::image_document) throw broken(file.string() + " is too big");
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) throw broken(file.string() + " cannot be read");
  return text;
}

json::value parse(const std::string& text, const std::string& name) {
  boost::system::error_code code;
  json::value value = json::parse(text, code);
  if (code) throw broken(name + " is not JSON");
  return value;
}

const json::value* member(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object ? object->if_contains(name) : nullptr;
}

std::string text_member(const json::value& value, std::string_view name) {
  const auto* found = member(value, name);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

const json::array& array_member(const json::value& value, std::string_view name) {
  static const json::array none;
  const auto* found = member(value, name);
  const auto* array = found ? found->if_array() : nullptr;
  return array ? *array : none;
}

// "sha256:<64 hex digits>" without the prefix: it becomes a path.
std::string checked_digest(const json::value& descriptor) {
  const std::string digest = text_member(descriptor, "digest");
  constexpr std::string_view prefix = "sha256:";
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!digest.starts_with(prefix) || digest.size() != prefix.size() + 64 ||
      !std::ranges::all_of(std::string_view(digest).substr(prefix.size()), hex))
    throw broken("a digest that is not SHA-256");
  return digest.substr(prefix.size());
}

ImageConfig read_config(const std::string& text, const std::string& name) {
  const json::value document = parse(text, name);
  const auto* config = member(document, "config");
  return config && config->is_object() ? ImageConfig::from_json(config->get_object()) : ImageConfig{};
}

class Layout {
 public:
  explicit Layout(fs::path directory) : directory_(std::move(directory)) {}

  ImageContent read(const std::string& tag) {
    json::value document = parse(read_document(directory_ / "index.json"), "index.json");
    // An index may name another one: containerd and buildx write them so.
    std::string chosen_tag = tag;
    for (int depth = 0; depth < 4; ++depth) {
      const auto* descriptor = choose(array_member(document, "manifests"), chosen_tag);
      if (!descriptor)
        throw broken(tag.empty() ? "it has none for this machine" : "it has none named \"" + tag + "\"");
      chosen_tag.clear();
      const std::string digest = checked_digest(*descriptor);
      document = parse(blob(digest), "manifest " + digest);
      if (member(document, "layers")) return manifest(document, digest);
    }
    throw broken("indexes upon indexes");
  }

 private:
  static const json::value* choose(const json::array& manifests, const std::string& tag) {
    for (const auto& descriptor : manifests) {
      if (!tag.empty()) {
        const auto* notes = member(descriptor, "annotations");
        const std::string name = notes ? text_member(*notes, "org.opencontainers.image.ref.name") : "";
        const std::string full = notes ? text_member(*notes, "io.containerd.image.name") : "";
        if (name != tag && full != tag) continue;
      }
      const auto* platform = member(descriptor, "platform");
      if (!platform) return &descriptor;
      if (text_member(*platform, "os") == "linux" && text_member(*platform, "architecture") == architecture)
        return &descriptor;
    }
    return nullptr;
  }

  [[nodiscard]] fs::path blob_path(const std::string& digest) const {
    return directory_ / "blobs/sha256" / digest;
  }

  [[nodiscard]] std::string blob(const std::string& digest) const {
    std::string text = read_document(blob_path(digest));
    if (sha256_hex(text) != digest) throw broken("blob " + digest + " has other content than its name says");
    return text;
  }

  ImageContent manifest(const json::value& document, const std::string& digest) {
    ImageContent content;
    content.digest = digest;
    const auto* config = member(document, "config");
    if (!config) throw broken("its manifest names no configuration");
    const std::string config_digest = checked_digest(*config);
    content.config = read_config(blob(config_digest), "configuration");
    for (const auto& layer : array_member(document, "layers")) {
      std::string layer_digest = checked_digest(layer);
      content.layers.push_back({file_bytes(blob_path(layer_digest)), layer_digest});
    }
    if (content.layers.size() > limits::image_layers) throw broken("too many layers");
    return content;
  }

  fs::path directory_;
};

// A name in `docker save`'s manifest.json: inside the archive only.
fs::path inside(const fs::path& directory, const std::string& name) {
  const fs::path relative = fs::path(name).lexically_normal();
  if (name.empty() || relative.is_absolute() || relative.begin()->native() == "..")
    throw broken("a name that leads outside");
  // Old archives link equal layers to each other.
  std::error_code code;
  const fs::path real = fs::canonical(directory / relative, code);
  const fs::path base = fs::canonical(directory, code);
  if (code || !real.native().starts_with(base.native() + "/")) throw broken(name + " is missing");
  return real;
}

ImageContent read_docker_archive(const fs::path& directory, const std::string& tag) {
  const json::value document = parse(read_document(directory / "manifest.json"), "manifest.json");
  const auto* images = document.if_array();
  if (!images || images->empty()) throw broken("its manifest.json names no image");
  const auto has_tag = [&](const json::value& image) {
    const auto& tags = array_member(image, "RepoTags");
    return std::ranges::any_of(tags, [&](const json::value& name) {
      return name.is_string() && (name.get_string() == tag || name.get_string().ends_with(":" + tag));
    });
  };
  const auto found = tag.empty() ? images->begin() : std::ranges::find_if(*images, has_tag);
  if (found == images->end()) throw broken("it has none named \"" + tag + "\"");
  ImageContent content;
  const std::string config = read_document(inside(directory, text_member(*found, "Config")));
  content.config = read_config(config, "configuration");
  content.digest = sha256_hex(config);  // it names every layer's digest, so it names the image
  const json::value parsed = parse(config, "configuration");
  const auto* rootfs = member(parsed, "rootfs");
  const auto& differences = rootfs ? array_member(*rootfs, "diff_ids") : array_member(parsed, "");
  const auto& layers = array_member(*found, "Layers");
  if (layers.size() > limits::image_layers) throw broken("too many layers");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].is_string()) throw broken("manifest.json");
    const fs::path file = inside(directory, std::string(layers[i].get_string()));
    // diff_ids are of the uncompressed tar, which these archives hold.
    std::string digest;
    if (i < differences.size() && differences[i].is_string())
      digest = checked_digest(json::object{{"digest", differences[i]}});
    content.layers.push_back({file_bytes(file), digest});
  }
  return content;
}

}  // namespace

json::object ImageConfig::to_json() const {
  json::array variables;
  for (const auto& [name, value] : environment)
    variables.emplace_back(std::string(name).append("=").append(value));
  return {{"Env", std::move(variables)}, {"User", user}, {"WorkingDir", working_directory}};
}

ImageConfig ImageConfig::from_json(const json::object& object) {
  ImageConfig config;
  const json::value value(object);
  for (const auto& variable : array_member(value, "Env")) {
    const auto* text = variable.if_string();
    const auto equals = text ? text->find('=') : std::string::npos;
    if (!text || equals == json::string::npos || equals == 0) continue;
    config.environment[std::string(text->subview(0, equals))] = std::string(text->subview(equals + 1));
  }
  config.user = text_member(value, "User");
  config.working_directory = text_member(value, "WorkingDir");
  return config;
}

bool is_image_directory(const fs::path& directory) {
  std::error_code code;
  return fs::exists(directory / "index.json", code) || fs::exists(directory / "manifest.json", code);
}

ImageContent read_image_directory(const fs::path& directory, const std::string& tag) {
  std::error_code code;
  // Newer `docker save` archives are both; their layout is checked by digests throughout.
  if (fs::exists(directory / "index.json", code)) return Layout(directory).read(tag);
  return read_docker_archive(directory, tag);
}

bool is_image_archive(const fs::path& file) {
  struct Deleter {
    void operator()(archive* a) const { ::archive_read_free(a); }
  };
  const std::unique_ptr<archive, Deleter> reader(::archive_read_new());
  ::archive_read_support_filter_all(reader.get());
  ::archive_read_support_format_tar(reader.get());
  if (::archive_read_open_filename(reader.get(), file.c_str(), std::size_t{128} * 1024) != ARCHIVE_OK)
    return false;
  // Everything at the top of an image archive has a name of that format; the first other name tells a root
  // file system.
  archive_entry* entry = nullptr;
  for (std::uint64_t i = 0; i < limits::image_entries; ++i) {
    if (::archive_read_next_header(reader.get(), &entry) < ARCHIVE_WARN) return false;
    const char* raw = ::archive_entry_pathname(entry);
    std::string_view path = raw ? raw : "";
    while (path.starts_with("./")) path.remove_prefix(2);
    if (path.empty() || path == ".") continue;
    const std::string_view top = path.substr(0, path.find('/'));
    if (path == "manifest.json" || path == "index.json" || path == "oci-layout") return true;
    const bool digest = top.size() >= 64 && std::ranges::all_of(top.substr(0, 64), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                        });
    if (!digest && top != "blobs" && top != "repositories") return false;
  }
  return false;
}

ImageContent plain_image(ByteSource bytes) {
  ImageContent content;
  content.layers.push_back({std::move(bytes), {}});
  content.whiteouts = false;
  return content;
}

}  // namespace fairlead::backend::oci
