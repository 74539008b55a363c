#include "text/pre_tokenizer_patterns.h"

#include <array>

namespace hadal {
namespace {

// The patterns are part of the models' formats: published with them as tokenizer.json, where \s means Unicode's
// White_Space and case folding is simple. Rewritten only where the same matches come cheaper.

using std::string_view;

constexpr string_view gpt2_words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr std::array gpt2 = {gpt2_words};
constexpr std::array digits_apart = {string_view(R"(\p{N})"), gpt2_words};

// What GGUF files that say "default" mean.
constexpr std::array common = {string_view(R"([\p{P}$+<=>^~|]+)"), gpt2_words, string_view(R"(\p{N}+)"),
                               string_view("[0-9][0-9][0-9]")};

constexpr std::array llama3 = {string_view(
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")};
constexpr std::array qwen2 = {string_view(
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")};

// Han and Hangul as the first DeepSeek tokenizers see them.
constexpr string_view deepseek_cjk = R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)";

constexpr std::array deepseek_coder = {string_view(R"([\r\n])"), string_view(R"(\s?\p{L}+)"),
                                       string_view(R"(\s?\p{P}+)"), deepseek_cjk, string_view(R"(\p{N})")};

// Letters of scripts with case, as of the Unicode version the tokenizer was made with.
constexpr string_view deepseek_letters =
    R"(\s?[)"
    R"(A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293})"
    R"(\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A})"
    R"(\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556})"
    R"(\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF})"
    R"(\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D})"
    R"(\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D})"
    R"(\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4})"
    R"(\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4})"
    R"(\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124})"
    R"(\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F})"
    R"(\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4})"
    R"(\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F})"
    R"(\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17})"
    R"(\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3})"
    R"(\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF})"
    R"(\x{1E900}-\x{1E943})"
    R"(]+)";

constexpr std::array deepseek_llm = {
    string_view(R"([\r\n])"), deepseek_letters,
    string_view(R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)"),
    // Published as \s+$: a match begins where its run of spaces does, and no shorter run can reach the end. Saying so
    // keeps a megabyte of spaces from taking a megabyte squared.
    string_view(R"((?<!\s)\s++$)"), deepseek_cjk, string_view(R"(\p{N}+)")};

constexpr std::array deepseek_v3 = {
    string_view(R"(\p{N}{1,3})"), string_view(R"([\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+)"),
    string_view(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
                R"(| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")};

// Words begin at a change from small to capital letters.
constexpr std::array tekken = {
    string_view(R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
                R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
                R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)")};

constexpr std::array qwen35 = {
    string_view(R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)"
                R"(|\s*[\r\n]+|\s+(?!\S)|\s+)")};

constexpr PreTokenizerRules split(string_view name, std::span<const string_view> patterns) {
  return {.name = name, .patterns = patterns};
}
constexpr PreTokenizerRules whole(string_view name, std::span<const string_view> patterns) {
  return {.name = name, .patterns = patterns, .whole_pieces_first = true, .adds_bos = true};
}
constexpr PreTokenizerRules composed(string_view name, std::span<const string_view> patterns) {
  return {.name = name, .patterns = patterns, .composes = true};
}

constexpr PreTokenizerRules known[] = {
    split("gpt-2", gpt2),
    split("phi-2", gpt2),
    split("smollm", digits_apart),
    split("starcoder", digits_apart),
    split("refact", digits_apart),
    split("codeshell", digits_apart),
    split("default", common),
    whole("llama-bpe", llama3),
    whole("llama-v3", llama3),
    whole("llama3", llama3),
    whole("falcon3", llama3),
    whole("tekken", tekken),
    composed("qwen2", qwen2),
    composed("deepseek-r1-qwen", qwen2),
    composed("qwen35", qwen35),
    split("deepseek-coder", deepseek_coder),
    split("deepseek-llm", deepseek_llm),
    split("deepseek-v3", deepseek_v3),
};

}  // namespace

std::span<const PreTokenizerRules> pre_tokenizer_rules() {
  return known;
}

}  // namespace hadal
