#include "prepared_chats.h"

#include "app/store/conversations.h"
#include "app/store/messages.h"

using namespace hadal;

namespace prepared {

namespace {

const QString kModel = QStringLiteral("SmolLM2-135M-Instruct");

const char* const kQuestion[] = {
    "How do I find out which of these sorting algorithms suits a list of 50,000 log lines?",
    "五万行日志的列表，用哪种排序算法合适？"};

const char* const kAnswer[] = {
    R"(Use **merge sort**, or simply the sort your language ships: it is stable, so lines with the same time stay in the order they were written.

## What decides

- *Stability* matters: two lines of one second must not change places.
- Logs are nearly sorted already, and an adaptive sort such as `timsort` uses that.
- Memory for a second list of 50,000 pointers is nothing to worry about.

| Algorithm | Comparisons | Stable | Extra memory | For logs |
|---|---:|---|---:|---|
| Insertion sort | 625 M | yes | 0 KB | Too slow |
| Heap sort | 1.6 M | no | 0 KB | Loses the order |
| **Merge sort** | **0.8 M** | **yes** | **391 KB** | **Yes** |
| Timsort | 0.1 M | yes | 196 KB | Yes, if built in |

To measure it on your own file:

```python
from time import perf_counter

def timed(lines, key):
    start = perf_counter()
    ordered = sorted(lines, key=key)   # timsort
    return ordered, perf_counter() - start

lines = open("server.log").read().splitlines()
ordered, seconds = timed(lines, key=lambda line: line[:19])
print(f"{len(ordered)} lines in {seconds * 1000:.1f} ms")
```

1. Run it three times and take the **lowest** figure.
2. Compare with `sort --stable --key=1,2 server.log`.

> The disk is read once in both cases; what differs after that is the sort alone.)",
    R"(用**归并排序**，或者直接用语言自带的排序：它是稳定的，时间相同的行会保持写入时的先后。

## 关键在哪里

- *稳定性*很重要：同一秒内的两行不能调换位置。
- 日志本来就接近有序，`timsort` 这类自适应排序会利用这一点。
- 再放一份五万个指针的列表，这点内存不必在意。

| 算法 | 比较次数 | 稳定 | 额外内存 | 是否适合日志 |
|---|---:|---|---:|---|
| 插入排序 | 625 M | 是 | 0 KB | 太慢 |
| 堆排序 | 1.6 M | 否 | 0 KB | 打乱先后 |
| **归并排序** | **0.8 M** | **是** | **391 KB** | **适合** |
| Timsort | 0.1 M | 是 | 196 KB | 适合，若已内置 |

想在自己的文件上测一测：

```python
from time import perf_counter

def timed(lines, key):
    start = perf_counter()
    ordered = sorted(lines, key=key)   # 即 timsort
    return ordered, perf_counter() - start

lines = open("server.log").read().splitlines()
ordered, seconds = timed(lines, key=lambda line: line[:19])
print(f"{len(ordered)} 行，用时 {seconds * 1000:.1f} 毫秒")
```

1. 跑三遍，取**最小**的数字。
2. 再和 `sort --stable --key=1,2 server.log` 比较。

> 两种做法都只读一遍磁盘，之后的差别只在排序本身。)"};

const char* const kFormulaAnswer =
    R"(The sample variance of $x_1, \dots, x_n$ with mean $\bar{x} = \frac{1}{n}\sum_{i=1}^n x_i$ is

$$
s^2 = \frac{1}{n-1} \sum_{i=1}^{n} \left( x_i - \bar{x} \right)^2
$$

Dividing by $n - 1$ makes it unbiased: $\mathbb{E}[s^2] = \sigma^2$. For a normal distribution the density is

\[ f(x) = \frac{1}{\sigma\sqrt{2\pi}} \, e^{-\frac{(x-\mu)^2}{2\sigma^2}}, \qquad \int_{-\infty}^{\infty} f(x)\,\mathrm{d}x = 1 \]

In several dimensions $\sigma^2$ becomes a matrix:

$$
\Sigma = \begin{pmatrix} \sigma_1^2 & \rho\sigma_1\sigma_2 \\ \rho\sigma_1\sigma_2 & \sigma_2^2 \end{pmatrix},
\qquad |x| = \begin{cases} x & \text{if } x \ge 0 \\ -x & \text{otherwise} \end{cases}
$$

| Term | Meaning |
|---|---|
| $\hat{\theta} \to \theta$ | the estimate converges |
| $\lim_{n\to\infty} s_n^2 = \sigma^2$ | almost surely |

It costs $5 and $6 to print both; `$x$` in code stays as it is.)";

const char* const kThinkingQuestion[] = {"Is 391 a prime number?", "391 是质数吗？"};

const char* const kThoughts[] = {
    R"(The question is whether 391 has a divisor other than 1 and itself. Its square root is a little below 20, since 20 * 20 = 400, so the primes up to 19 are enough: 2, 3, 5, 7, 11, 13, 17, 19.

It is odd, so not 2. Its digits add up to 13, so not 3. It does not end in 0 or 5. 7 * 55 = 385, remainder 6. 11 * 35 = 385, remainder 6. 13 * 30 = 390, remainder 1.

17 * 23 = 17 * 20 + 17 * 3 = 340 + 51 = 391. So that is it.

Check with squares: 400 - 9 = (20 - 3)(20 + 3) = 17 * 23. Yes.)",
    R"(要看 391 除了 1 和它本身之外还有没有别的因数。它的平方根略小于 20，因为 20 × 20 = 400，所以试到 19 为止的质数就够了：2、3、5、7、11、13、17、19。

它是奇数，排除 2。各位数字之和是 13，排除 3。末位不是 0 或 5，排除 5。7 × 55 = 385，余 6。11 × 35 = 385，余 6。13 × 30 = 390，余 1。

17 × 23 = 17 × 20 + 17 × 3 = 340 + 51 = 391，就是它。

再用平方差验算：400 - 9 = (20 - 3)(20 + 3) = 17 × 23。没错。)"};

const char* const kThoughtAnswer[] = {
    R"(**No.** $391 = 17 \times 23$, which a difference of squares shows at once:

$$
391 = 20^2 - 3^2 = (20 - 3)(20 + 3)
$$)",
    R"(**不是。** $391 = 17 \times 23$，用平方差一眼就能看出：

$$
391 = 20^2 - 3^2 = (20 - 3)(20 + 3)
$$)"};

struct Title {
  const char* english;
  const char* chinese;
  double daysAgo;
  bool pinned;
};

const Title kTitles[] = {
    {"House style for reviews", "代码评审的统一规范", 12, true},
    {"Vocabulary: German B2", "德语 B2 词汇", 20, true},
    {"Letter to the landlord about heating", "就供暖问题致房东的信", 0.08, false},
    {"systemd unit that waits for a mount", "等待挂载点的 systemd 单元", 0.566, false},
    {"Explain YaRN scaling to me", "讲讲 YaRN 的长度外推", 0.71, false},
    {"Two-week plan for Lisbon and Porto", "里斯本与波尔图两周行程", 1.055, false},
    {"SQLite WAL and power loss", "SQLite 的 WAL 与断电", 3.2, false},
    {"Regex for ISO 8601 durations", "匹配 ISO 8601 时长的正则", 4.1, false},
    {"Sourdough at 78 % hydration", "含水量 78% 的酸面包", 5.4, false},
    {"Bandwidth of DDR5 against GDDR6", "DDR5 与 GDDR6 的带宽对比", 5.9, false},
    {"Names for a small telescope", "给小望远镜起名字", 40, false},
};

struct Figures {
  int promptTokens = 0, tokens = 0;
  double tokensPerSecond = 0, firstTokenSeconds = 0;
  QString thinking{};
  double thinkingSeconds = 0;
};

// Of the long answer. The counts are the starter model's own of these texts (hadal-engine tokenize, the prompt in its
// template); the times are those of hadal-engine bench --prompt 54 --generate 406 on two cores that had other work as
// well.
const Figures kFigures[] = {{54, 406, 78.7, 0.18, {}, 0}, {62, 636, 78.7, 0.21, {}, 0}};

qint64 add(Connection& connection, const QString& title, const QString& question, const QString& answer,
           const QDateTime& now, double daysAgo, const Figures& figures = {}) {
  const Conversation conversation = Conversations(connection).insert(title);
  Messages messages(connection);
  Message asked;
  asked.conversation = conversation.id;
  asked.content = question;
  asked = messages.insert(asked);
  Message reply;
  reply.conversation = conversation.id;
  reply.parent = asked.id;
  reply.role = MessageRole::Assistant;
  reply.content = answer;
  reply = messages.insert(reply);
  reply.model = kModel;
  reply.promptTokens = figures.promptTokens;
  reply.tokens = figures.tokens;
  reply.tokensPerSecond = figures.tokensPerSecond;
  reply.firstTokenSeconds = figures.firstTokenSeconds;
  reply.thinking = figures.thinking;
  reply.thinkingSeconds = figures.thinkingSeconds;
  messages.finish(reply);
  Conversations(connection).setLeaf(conversation.id, reply.id);
  const auto when = now.toMSecsSinceEpoch() - static_cast<qint64>(daysAgo * 86'400'000.0);
  Statement(connection, QStringLiteral("UPDATE conversations SET updated = ? WHERE id = ?"))
      .bind(when, conversation.id)
      .run();
  return conversation.id;
}

// Answers that did not come to their end, one after the other in one conversation.
void addStates(Connection& connection, bool chinese, const QDateTime& now) {
  const qint64 id =
      add(connection, chinese ? QStringLiteral("没有写完的回答") : QStringLiteral("Answers that did not finish"),
          chinese ? QStringLiteral("海为什么是蓝的？") : QStringLiteral("Why is the sea blue?"),
          chinese ? QStringLiteral("因为水吸收红光多于蓝光。")
                  : QStringLiteral("Because water absorbs red light more than blue light."),
          now, 0.02);
  Messages messages(connection);
  MessageId parent = Conversations(connection).get(id).leaf;
  struct Unfinished {
    MessageState state;
    MessageProblem problem;
    const char* question;
    const char* answer;
    const char* error;
  };
  const Unfinished rows[] = {
      {MessageState::Stopped, MessageProblem::None, "And the deep sea?", "Below two hundred metres hardly any", ""},
      {MessageState::Interrupted, MessageProblem::None, "What lives there?", "Amphipods, snailfish and", ""},
      {MessageState::Failed, MessageProblem::PromptTooLong, "Summarise everything so far.", "",
       "The prompt takes 9,120 tokens; the context holds 8,192."},
  };
  for (const Unfinished& row : rows) {
    Message question;
    question.conversation = id;
    question.parent = parent;
    question.content = QString::fromUtf8(row.question);
    question = messages.insert(question);
    Message answer;
    answer.conversation = id;
    answer.parent = question.id;
    answer.role = MessageRole::Assistant;
    answer.content = QString::fromUtf8(row.answer);
    answer = messages.insert(answer);
    answer.state = row.state;
    answer.problem = row.problem;
    answer.error = QString::fromUtf8(row.error);
    answer.model = kModel;
    messages.finish(answer);
    parent = answer.id;
  }
  Conversations(connection).setLeaf(id, parent);
}

}  // namespace

qint64 write(Connection& connection, bool chinese, const QDateTime& now) {
  for (const Title& title : kTitles) {
    const QString words = QString::fromUtf8(chinese ? title.chinese : title.english);
    const qint64 id = add(connection, words, words, words, now, title.daysAgo);
    if (title.pinned) Conversations(connection).setPinned(id, true);
  }
  Figures thought;
  thought.thinking = QString::fromUtf8(kThoughts[chinese]);
  thought.thinkingSeconds = 12;
  add(connection, chinese ? QStringLiteral("391 是质数吗") : QStringLiteral("Is 391 a prime number"),
      QString::fromUtf8(kThinkingQuestion[chinese]), QString::fromUtf8(kThoughtAnswer[chinese]), now, 0.04, thought);
  add(connection,
      chinese ? QStringLiteral("样本方差为什么除以 n - 1") : QStringLiteral("Why variance divides by n - 1"),
      chinese ? QStringLiteral("样本方差为什么除以 n - 1？")
              : QStringLiteral("Why is the sample variance divided by n - 1?"),
      QString::fromUtf8(kFormulaAnswer), now, 0.03);
  addStates(connection, chinese, now);
  return add(connection, chinese ? QStringLiteral("给五万行日志排序") : QStringLiteral("Sorting 50,000 log lines"),
             QString::fromUtf8(kQuestion[chinese]), QString::fromUtf8(kAnswer[chinese]), now, 0.01, kFigures[chinese]);
}

}  // namespace prepared
