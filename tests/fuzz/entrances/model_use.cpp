#include "fuzz/entrances/model_use.h"

#include "fuzz/entrances/entrance.h"
#include "hadal/engine.h"

namespace hadal::test {

void write_and_read(const Model& model) {
  const auto ids = model.tokenizer().encode("Hello, <|im_start|> 深渊 \x04 123");
  promise(bool(ids), "text that a tokenizer refuses");
  (void)model.tokenizer().decode(*ids, true);
  const auto chat = model.chat_template();
  if (!chat) return;
  const std::vector<ChatMessage> messages = {{"user", "Hi"}};
  TemplateOptions options;
  options.time = LocalTime{};
  const auto parts = (*chat)->parts(messages, options);
  if (!parts) return promise_sentence(parts.error());
  promise(bool(model.tokenizer().encode(*parts)), "a prompt that the tokenizer refuses");
}

void compute(const std::shared_ptr<const Model>& model) {
  EngineOptions options;
  options.device = Device::cpu;
  options.threads = 1;
  options.context_length = 16;
  options.max_requests = 1;
  const auto made = Engine::create(model, options);
  if (!made) return promise_sentence(made.error());
  Engine& engine = **made;
  const std::int32_t size = model->tokenizer().vocabulary_size();
  const std::vector<TokenId> ids = {0, size - 1, size / 2};
  const auto logits = engine.logits(ids, false);
  if (logits) promise(logits->size() == ids.size() * static_cast<std::size_t>(size), "logits of another shape");
  Request request;
  request.prompt = ids;
  request.sampling.temperature = 0.0F;
  request.max_tokens = 2;
  if (const auto id = engine.submit(std::move(request)); !id) return promise_sentence(id.error());
  for (int steps = 0; !engine.idle(); ++steps) {
    promise(steps < 100, "an answer of two tokens that does not end");
    (void)engine.step();
  }
}

}  // namespace hadal::test
