#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "base/atomic_file.h"
#include "base/checksum.h"
#include "base/system_memory.h"
#include "base/text.h"
#include "runtime/kv_snapshot.h"

namespace hadal {
namespace {

constexpr std::array<char, 8> kMagic{'H', 'A', 'D', 'A', 'L', 'K', 'V', '\n'};

/// Changes with the header, and with the form of a block.
constexpr std::uint32_t kVersion = 3;

/// A file's first bytes, little-endian as every machine Hadal is built for. What is not named is zero.
struct Header {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t type;          ///< DType of keys and values: f32 or i16.
  std::uint64_t header_check;  ///< Of the header with zeros here.
  std::uint64_t body_check;    ///< Of all that follows the header.
  std::uint64_t body_bytes;
  std::uint64_t tokens;
  Fingerprint model, adapter;
  std::int32_t layers, key_row, value_row, experts_used;
  std::array<std::byte, 32> reserved;
};
static_assert(sizeof(Header) == 128);

std::uint64_t header_check(Header header) {
  header.header_check = 0;
  return checksum(std::as_bytes(std::span(&header, 1)));
}

__extension__ typedef unsigned __int128 Wide;

/// What follows such a header, without overflow for anything it may say.
Wide expected_body(const Header& h) {
  const Wide row = (Wide{static_cast<std::uint32_t>(h.key_row)} + static_cast<std::uint32_t>(h.value_row)) *
                   static_cast<std::uint32_t>(h.layers) * dtype_traits(static_cast<DType>(h.type)).block_bytes;
  const Wide ids = (Wide{h.tokens} * sizeof(TokenId) + AlignedBuffer::alignment - 1) / AlignedBuffer::alignment *
                   AlignedBuffer::alignment;
  const Wide blocks = (Wide{h.tokens} + KvCache::block_tokens - 1) / KvCache::block_tokens;
  return ids + row * KvCache::block_tokens * blocks;
}

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), error_(number_ < 0 ? errno : 0) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int error() const { return error_; }  ///< Of opening; 0: none.
  /// -1 for what is no regular file.
  std::int64_t size() const {
    struct stat status {};
    return ::fstat(number_, &status) == 0 && S_ISREG(status.st_mode) ? static_cast<std::int64_t>(status.st_size) : -1;
  }
  /// False where the file ends before, or the disk fails. Not mapped: who shortens the file meanwhile does no harm.
  bool read(std::uint64_t offset, std::span<std::byte> to) const {
    while (!to.empty()) {
      const ssize_t count = ::pread(number_, to.data(), to.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      to = to.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return true;
  }

 private:
  int number_, error_;
};

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : file_(path), name_(printable(path.string(), 4096)) {}

  Result<KvSnapshot> read() {
    if (const int error = file_.error(); error != 0) {
      return Error{
          error == ENOENT || error == ENOTDIR ? ErrorCode::not_found : ErrorCode::io,
          concat("The saved cache ", name_, " cannot be opened: ", std::generic_category().message(error), ".")};
    }
    if (auto checked = read_header(); !checked) return checked.error();
    const auto bytes = static_cast<std::size_t>(header_.body_bytes);
    auto body = bytes < available_memory() ? AlignedBuffer::create(bytes) : Error{ErrorCode::out_of_memory, {}};
    if (!body)
      return refused(ErrorCode::out_of_memory, concat("needs ", human_bytes(bytes), " of memory, which are not free"));
    if (!file_.read(sizeof(Header), {body->data(), bytes})) return damaged("it cannot be read to its end");
    if (checksum({body->data(), bytes}) != header_.body_check) return damaged("its checksum does not fit");
    return snapshot_of(std::move(*body));
  }

 private:
  KvSnapshot snapshot_of(AlignedBuffer body) const {
    auto made = std::make_shared<KvSnapshot::Impl>();
    made->identity = {header_.model,
                      header_.adapter,
                      {header_.layers, header_.key_row, header_.value_row},
                      static_cast<DType>(header_.type),
                      header_.experts_used};
    made->tokens = static_cast<std::size_t>(header_.tokens);
    made->body = std::move(body);
    return KvSnapshot(std::move(made));
  }
  Result<void> read_header() {
    const std::int64_t size = file_.size();
    if (size < 0) return refused(ErrorCode::invalid_file, "is no file");
    const bool whole = file_.read(0, std::as_writable_bytes(std::span(&header_, 1)));
    if (!whole || header_.magic != kMagic) return refused(ErrorCode::invalid_file, "is no saved cache");
    if (header_.version != kVersion) {
      return refused(ErrorCode::unsupported,
                     concat("is of version ", header_.version, ", and this program reads version ", kVersion));
    }
    if (header_check(header_) != header_.header_check) return damaged("its beginning was changed");
    const DType type = static_cast<DType>(header_.type);
    const bool shaped = (type == DType::f32 || type == DType::i16) && header_.layers > 0 && header_.key_row > 0 &&
                        header_.value_row >= 0 && header_.tokens > 0 && header_.tokens < (1U << 31);
    if (!shaped || expected_body(header_) != header_.body_bytes) return damaged("its sizes contradict each other");
    if (static_cast<std::uint64_t>(size) - sizeof(Header) == header_.body_bytes) return {};
    return damaged(concat("it has ", size, " bytes instead of ", sizeof(Header) + header_.body_bytes));
  }
  Error refused(ErrorCode code, std::string_view why) const {
    return {code, concat("The file ", name_, " ", why, ".")};
  }
  Error damaged(std::string_view why) const {
    return {ErrorCode::invalid_file, concat("The saved cache ", name_, " is damaged: ", why, ".")};
  }

  Descriptor file_;
  std::string name_;
  Header header_{};
};

Header header_of(const KvSnapshot::Impl& snapshot) {
  Header header{};
  header.magic = kMagic;
  header.version = kVersion;
  header.type = static_cast<std::uint32_t>(snapshot.identity.type);
  header.model = snapshot.identity.model;
  header.adapter = snapshot.identity.adapter;
  header.layers = snapshot.identity.shape.layers;
  header.key_row = snapshot.identity.shape.key_row;
  header.value_row = snapshot.identity.shape.value_row;
  header.experts_used = snapshot.identity.experts_used;
  header.tokens = snapshot.tokens;
  header.body_bytes = snapshot.body.size();
  header.body_check = checksum({snapshot.body.data(), snapshot.body.size()});
  header.header_check = header_check(header);
  return header;
}

}  // namespace

Result<KvSnapshot> KvSnapshot::load(const std::filesystem::path& path) {
  try {
    return Reader(path).read();
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "The system has no memory left to read a saved cache."};
  }
}

Result<void> KvSnapshot::save(const std::filesystem::path& path) const {
  try {
    const Header header = header_of(*impl_);
    const std::span<const std::byte> body{impl_->body.data(), impl_->body.size()};
    auto file = AtomicFile::create(path, sizeof header + body.size());
    if (!file) return file.error();
    if (auto written = file->write(0, std::as_bytes(std::span(&header, 1))); !written) return written;
    if (auto written = file->write(sizeof header, body); !written) return written;
    return file->commit();
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "The system has no memory left to save a conversation's cache."};
  }
}

}  // namespace hadal
