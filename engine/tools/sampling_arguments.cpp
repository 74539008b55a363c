#include "tools/sampling_arguments.h"

#include <charconv>

#include "base/text.h"

namespace hadal::tools {
namespace {

Result<LogitBias> parse_bias(const std::string& text) {
  LogitBias out;
  const char* const end = text.data() + text.size();
  const auto id = std::from_chars(text.data(), end, out.token);
  if (id.ec == std::errc() && id.ptr != end && *id.ptr == '=') {
    const auto bias = std::from_chars(id.ptr + 1, end, out.bias);
    if (bias.ec == std::errc() && bias.ptr == end) return out;
  }
  return Error{ErrorCode::invalid_argument,
               concat("Option --logit-bias takes a token and a number, as in 123=-5, not \"", printable(text), "\".")};
}

}  // namespace

Result<SamplingOptions> sampling_options(const Arguments& arguments) {
  SamplingOptions out;
  struct Real {
    std::string_view name;
    float& value;
    double least, most;
  };
  for (const Real& option : {Real{"--temperature", out.temperature, 0.0, 100.0}, Real{"--top-p", out.top_p, 0.0, 1.0},
                             Real{"--min-p", out.min_p, 0.0, 1.0}, Real{"--typical-p", out.typical_p, 0.0, 1.0},
                             Real{"--repetition-penalty", out.repetition_penalty, 1e-3, 1e3},
                             Real{"--frequency-penalty", out.frequency_penalty, -1e3, 1e3},
                             Real{"--presence-penalty", out.presence_penalty, -1e3, 1e3}}) {
    const auto value = arguments.number(option.name, static_cast<double>(option.value), option.least, option.most);
    if (!value) return value.error();
    option.value = static_cast<float>(*value);
  }
  struct Whole {
    std::string_view name;
    int& value;
    std::int64_t least, most;
  };
  for (const Whole& option :
       {Whole{"--top-k", out.top_k, 0, 1 << 24}, Whole{"--penalty-window", out.penalty_window, 0, 1 << 24},
        Whole{"--logprobs", out.logprobs, 0, 100}}) {
    const auto value = arguments.integer(option.name, option.value, option.least, option.most);
    if (!value) return value.error();
    option.value = static_cast<int>(*value);
  }
  const auto seed = arguments.integer("--seed", 0, 0, INT64_MAX);
  if (!seed) return seed.error();
  out.seed = static_cast<std::uint64_t>(*seed);
  for (const std::string& text : arguments.values("--logit-bias")) {
    const auto bias = parse_bias(text);
    if (!bias) return bias.error();
    out.logit_bias.push_back(*bias);
  }
  return out;
}

}  // namespace hadal::tools
