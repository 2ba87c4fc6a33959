#include "runner/engine/step_codec.h"

#include <cstring>
#include <type_traits>

#include "profiles/errors.h"

namespace hexgen {
namespace {

class Writer {
 public:
  template <typename T>
  void value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    message_.insert(message_.end(), bytes, bytes + sizeof(T));
  }

  template <typename T>
  void list(const std::vector<T>& values) {
    value(values.size());
    for (const T& each : values) {
      value(each);
    }
  }

  std::vector<std::byte> take() { return std::move(message_); }

 private:
  std::vector<std::byte> message_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> message)
      : rest_(message) {}

  template <typename T>
  T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    if (rest_.size() < sizeof(T)) {
      throw DeviceError("a message between ranks is cut short");
    }
    T value;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }

  /// The number of items that follow, each of at least one byte.
  std::size_t count() {
    const auto count = value<std::size_t>();
    if (count > rest_.size()) {
      throw DeviceError("a message between ranks is cut short");
    }
    return count;
  }

  template <typename T>
  std::vector<T> list() {
    std::vector<T> values(count());
    for (T& each : values) {
      each = value<T>();
    }
    return values;
  }

  void expect_end() const {
    if (!rest_.empty()) {
      throw DeviceError("a message between ranks is too long");
    }
  }

 private:
  std::span<const std::byte> rest_;
};

void write_sampling(Writer& writer, const std::optional<SamplingOptions>& sampling) {
  writer.value(sampling.has_value());
  if (sampling) {
    writer.value(sampling->temperature);
    writer.value(sampling->top_k);
    writer.value(sampling->top_p);
    writer.value(sampling->seed);
    writer.value(sampling->logprobs);
  }
}

std::optional<SamplingOptions> read_sampling(Reader& reader) {
  if (reader.value<std::uint8_t>() == 0) {
    return std::nullopt;
  }
  SamplingOptions sampling;
  sampling.temperature = reader.value<float>();
  sampling.top_k = reader.value<int>();
  sampling.top_p = reader.value<float>();
  sampling.seed = reader.value<std::uint64_t>();
  sampling.logprobs = reader.value<int>();
  return sampling;
}

}  // namespace

std::vector<std::byte> encode(const StepBatch& batch) {
  Writer writer;
  writer.value(batch.step);
  writer.value(batch.slices.size());
  for (const SequenceSlice& slice : batch.slices) {
    writer.value(slice.request);
    writer.value(slice.first_position);
    writer.list(slice.tokens);
    writer.list(slice.blocks);
    write_sampling(writer, slice.sampling);
  }
  return writer.take();
}

StepBatch decode_batch(std::span<const std::byte> message) {
  Reader reader(message);
  StepBatch batch = {.step = reader.value<std::int64_t>()};
  batch.slices.resize(reader.count());
  for (SequenceSlice& slice : batch.slices) {
    slice.request = reader.value<std::uint64_t>();
    slice.first_position = reader.value<int>();
    slice.tokens = reader.list<int>();
    slice.blocks = reader.list<int>();
    slice.sampling = read_sampling(reader);
  }
  reader.expect_end();
  return batch;
}

std::vector<std::byte> encode(const std::vector<TokenChoice>& choices) {
  Writer writer;
  writer.value(choices.size());
  for (const TokenChoice& choice : choices) {
    writer.value(choice.chosen);
    writer.list(choice.top);
  }
  return writer.take();
}

std::vector<TokenChoice> decode_choices(std::span<const std::byte> message) {
  Reader reader(message);
  std::vector<TokenChoice> choices(reader.count());
  for (TokenChoice& choice : choices) {
    choice.chosen = reader.value<TokenLogprob>();
    choice.top = reader.list<TokenLogprob>();
  }
  reader.expect_end();
  return choices;
}

}  // namespace hexgen
