// SPDX-License-Identifier: Apache-2.0
// The image store: finds, pulls, unpacks and remembers.
#include "backend/oci/image_store.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/process.hpp"
#include "backend/oci/sha256.hpp"
#include "backend/oci/tree.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view staging_prefix = "unpacking-";

// What an operator sets for skopeo in the daemon's environment: credentials, insecure or mirrored registries,
// certificates, proxies. Nothing else of ours reaches it.
void add_registry_settings(std::vector<std::string>& environment) {
  for (const char* name :
       {"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + '=' + value);
}

void make_directories(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) throw failure("cannot create " + path.string() + ": " + code.message());
}

std::string stamp(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return "missing";
  std::string text;
  for (const auto part :
       {static_cast<long long>(status.st_ino), static_cast<long long>(status.st_size),
        static_cast<long long>(status.st_mode), static_cast<long long>(status.st_mtim.tv_sec),
        static_cast<long long>(status.st_mtim.tv_nsec), static_cast<long long>(status.st_ctim.tv_sec),
        static_cast<long long>(status.st_ctim.tv_nsec)})
    text += std::to_string(part) + ",";
  return text;
}

// Changes whenever the files at `path` do.
std::string fingerprint(const fs::path& path) {
  Sha256 hash;
  std::error_code code;
  const fs::path real = fs::canonical(path, code);
  hash.update(real.native() + "|" + stamp(real));
  if (fs::is_directory(real, code)) {
    std::vector<std::string> all;
    for (auto entry =
             fs::recursive_directory_iterator(real, fs::directory_options::skip_permission_denied, code);
         entry != fs::recursive_directory_iterator(); entry.increment(code)) {
      if (code) throw failure("cannot read " + path.string() + ": " + code.message(), image_failed);
      all.push_back(entry->path().native() + "|" + stamp(entry->path()));
    }
    std::ranges::sort(all);
    for (const auto& line : all) hash.update(line);
  }
  return hash.hex();
}

// A directory that is removed again unless it was renamed away.
class Staging {
 public:
  Staging(const Ids& ids, const fs::path& parent) : ids_(ids) {
    std::string name = (parent / (std::string(staging_prefix) + "XXXXXX")).string();
    if (!::mkdtemp(name.data())) throw system_failure("create a directory in " + parent.string(), errno);
    path_ = name;
  }
  ~Staging() {
    try {
      // May hold files of mapped owners.
      ids_.fork([this]() -> std::string { return remove_tree(path_.string()) == 0 ? "" : "not empty"; })
          .finish("clean up", start_failed);
    } catch (const BackendError&) {  // clean() tries again at the next start
    }
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

 private:
  const Ids& ids_;
  fs::path path_;
};

FileDescriptor lock_file(const fs::path& path) {
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) throw system_failure("lock " + path.string(), errno);
  return lock;
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  if (!out) throw system_failure("write " + path.string(), errno);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

ImageStore::ImageStore(fs::path directory, std::shared_ptr<const Ids> ids, observe::Log log)
    : directory_(std::move(directory)), ids_(std::move(ids)), log_(std::move(log)) {
  make_directories(directory_ / "index");
  fs::permissions(directory_, fs::perms::owner_all);
}

ImageStore::Place ImageStore::locate(const std::string& reference) {
  std::error_code code;
  if (reference.empty()) throw failure("oci.image is not set", image_failed);
  if (fs::exists(reference, code)) return {fs::absolute(reference), {}};
  const auto colon = reference.rfind(':');
  if (colon != std::string::npos && colon > 0 && fs::exists(reference.substr(0, colon), code) &&
      reference.find('/', colon) == std::string::npos)
    return {fs::absolute(reference.substr(0, colon)), reference.substr(colon + 1)};
  if (reference.starts_with('/') || reference.starts_with('.') || reference.starts_with('~'))
    throw failure("the image " + reference + " does not exist", image_failed);
  return {};
}

// A registry's name is pulled once (IfNotPresent); files are looked at again when they change. A directory's
// own stamp says nothing of what is below, so what was found there holds as long as the daemon runs.
std::string ImageStore::quick_key(const std::string& reference, const Place& place, const IdMap& map) {
  std::error_code code;
  const bool file = !place.path.empty() && fs::is_regular_file(place.path, code);
  return reference + "|" + map.tag() + (file ? "|" + stamp(place.path) : "");
}

std::shared_ptr<const Image> ImageStore::find(const std::string& reference, const IdMap& map) {
  const std::string key = quick_key(reference, locate(reference), map);
  const std::scoped_lock guard(mutex_);
  const auto known = loaded_.find(key);
  return known == loaded_.end() ? nullptr : known->second;
}

std::shared_ptr<const Image> ImageStore::get(const std::string& reference, const IdMap& map) {
  if (auto known = find(reference, map)) return known;
  const std::scoped_lock one_at_a_time(unpacking_);
  if (auto known = find(reference, map)) return known;
  const Place place = locate(reference);
  const FileDescriptor lock = lock_file(directory_ / "lock");
  const std::string key =
      sha256_hex(place.path.empty() ? "registry|" + reference + "|" + map.tag()
                                    : fingerprint(place.path) + "|" + place.tag + "|" + map.tag());
  const fs::path memo = directory_ / "index" / key;
  auto image = load(read_file(memo));
  if (!image) {
    const std::string name = unpack_named(reference, place, map);
    write_file(memo, name);
    image = load(name);
    if (!image) throw failure("the unpacked image " + name + " cannot be read", image_failed);
  }
  const std::string quick = quick_key(reference, place, map);
  const std::scoped_lock guard(mutex_);
  loaded_[quick] = image;
  return image;
}

std::shared_ptr<const Image> ImageStore::load(const std::string& name) const {
  if (name.empty() || name.contains('/')) return nullptr;
  const fs::path place = directory_ / name;
  std::error_code code;
  if (!fs::is_directory(place / "root", code)) return nullptr;
  boost::system::error_code bad;
  const auto value = boost::json::parse(read_file(place / "image.json"), bad);
  if (bad || !value.is_object()) return nullptr;
  return std::make_shared<const Image>(Image{place / "root", ImageConfig::from_json(value.get_object())});
}

// Whatever is wrong with an image is told with its name.
std::string ImageStore::unpack_named(const std::string& reference, const Place& place,
                                     const IdMap& map) const {
  try {
    return unpack_image(reference, place, map);
  } catch (const BackendError& error) {
    throw BackendError("image " + reference + ": " + error.what(), error.user_text());
  }
}

std::string ImageStore::unpack_image(const std::string& reference, const Place& place,
                                     const IdMap& map) const {
  log_.notice("OCI_IMAGE_UNPACK", "Unpacking an image; this happens once.", {{"image", reference}});
  std::error_code code;
  if (place.path.empty()) {
    const Staging layout(*ids_, directory_);
    pull(reference, layout.path() / "layout");
    return store(read_image_directory(layout.path() / "layout", {}), map);
  }
  if (fs::is_directory(place.path, code)) {
    if (is_image_directory(place.path)) return store(read_image_directory(place.path, place.tag), map);
    return store(plain_image(directory_bytes(fs::canonical(place.path))), map);
  }
  if (!is_image_archive(place.path)) return store(plain_image(file_bytes(place.path)), map);
  const Staging archive(*ids_, directory_);
  const IdMap ours{true, 0, 0, 1};
  unpack(*ids_, archive.path(), {ours, false, limits::image_bytes}, file_bytes(place.path));
  return store(read_image_directory(archive.path(), place.tag), map);
}

std::string ImageStore::store(const ImageContent& content, const IdMap& map) const {
  const std::string suffix = "-" + map.tag();
  if (!content.digest.empty() && load(content.digest + suffix)) return content.digest + suffix;
  Staging staging(*ids_, directory_);
  const fs::path root = staging.path() / "root";
  make_directories(root);
  fs::permissions(root, static_cast<fs::perms>(0755));
  if (map.namespaced && ids_->root() && ::chown(root.c_str(), map.uid(0), map.gid(0)) != 0)
    throw system_failure("give away " + root.string(), errno);
  std::string digest = content.digest;
  std::uint64_t room = limits::image_bytes;
  for (const auto& layer : content.layers) {
    const std::string actual = unpack(*ids_, root, {map, content.whiteouts, room}, layer.bytes);
    if (!layer.digest.empty() && actual != layer.digest)
      throw failure("the image is broken: layer " + layer.digest + " has other content than its name says",
                    image_failed);
    if (digest.empty()) digest = actual;
  }
  if (digest.empty()) throw failure("the image has no layers", image_failed);
  write_file(staging.path() / "image.json", boost::json::serialize(content.config.to_json()));
  std::string name = digest + suffix;
  // What is unpacked must be on disk before its name is: a power cut would leave a half image that looks
  // whole.
  if (const FileDescriptor directory(::open(staging.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      directory)
    ::syncfs(directory.get());
  fs::permissions(staging.path(), fs::perms::owner_all);
  if (::rename(staging.path().c_str(), (directory_ / name).c_str()) != 0 && errno != EEXIST &&
      errno != ENOTEMPTY)
    throw system_failure("keep the unpacked image", errno);
  return name;
}

void ImageStore::pull(const std::string& reference, const fs::path& layout) const {
  const std::string skopeo = find_program("skopeo");
  if (skopeo.empty())
    throw failure("the image \"" + reference +
                      "\" is no file or directory here, and skopeo, which gets images from registries, "
                      "is not installed",
                  image_failed);
  const bool transport = reference.contains("://") || reference.starts_with("docker-daemon:") ||
                         reference.starts_with("containers-storage:");
  if (reference.starts_with('-')) throw failure("\"" + reference + "\" is no image", image_failed);
  log_.notice("OCI_IMAGE_PULL", "Getting an image from its registry.", {{"image", reference}});
  Command command{.arguments = {skopeo, "copy", "--quiet", transport ? reference : "docker://" + reference,
                                "oci:" + layout.string() + ":image"}};
  add_registry_settings(command.environment);
  const Outcome outcome = run(command, limits::image_pull);
  if (outcome.status != 0)
    throw failure("skopeo cannot get the image \"" + reference + "\": " + outcome.output, image_failed);
}

void ImageStore::clean() {
  const FileDescriptor lock = lock_file(directory_ / "lock");
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (!entry.path().filename().native().starts_with(staging_prefix)) continue;
    const std::string path = entry.path();
    ids_->fork([&]() -> std::string { return remove_tree(path) == 0 ? "" : "not empty"; })
        .finish("remove " + path, start_failed);
  }
}

}  // namespace fairlead::backend::oci
