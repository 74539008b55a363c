<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>CommandLine</name>
    <message>
        <source>There is no display for a window. Use --chat or --ask.</source>
        <translation>没有可显示窗口的屏幕。请使用 --chat 或 --ask。</translation>
    </message>
    <message>
        <source>text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>With --ask: print events, one JSON object a line.</source>
        <translation>与 --ask 同用：每行输出一个 JSON 事件。</translation>
    </message>
    <message>
        <source>Chat in the terminal.</source>
        <translation>在终端中对话。</translation>
    </message>
    <message>
        <source>Keep everything in &lt;folder&gt; instead of ~/.local/share/hadal.</source>
        <translation>把所有内容保存在 &lt;文件夹&gt;，而不是 ~/.local/share/hadal。</translation>
    </message>
    <message>
        <source>folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Language for this run: system, en or zh_CN.</source>
        <translation>本次运行的语言：system、en 或 zh_CN。</translation>
    </message>
    <message>
        <source>language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Theme for this run: system, light or dark.</source>
        <translation>本次运行的主题：system、light 或 dark。</translation>
    </message>
    <message>
        <source>theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Context for this run, in tokens.</source>
        <translation>本次运行的上下文长度（词元数）。</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>词元数</translation>
    </message>
    <message>
        <source>Compute threads for this run.</source>
        <translation>本次运行的计算线程数。</translation>
    </message>
    <message>
        <source>number</source>
        <translation>数字</translation>
    </message>
    <message>
        <source>Print this help.</source>
        <translation>显示此帮助。</translation>
    </message>
    <message>
        <source>Print the version.</source>
        <translation>显示版本。</translation>
    </message>
    <message>
        <source>--%1 takes one of %2, not &quot;%3&quot;.</source>
        <translation>--%1 只能是 %2 之一，而不是“%3”。</translation>
    </message>
    <message>
        <source>Only one model can be given.</source>
        <translation>只能指定一个模型。</translation>
    </message>
    <message>
        <source>List the plugins and end.</source>
        <translation>列出插件后退出。</translation>
    </message>
    <message>
        <source>Runs language models on your own machine. Everything stays in one folder.</source>
        <translation>在你自己的电脑上运行语言模型，所有内容都保存在一个文件夹里。</translation>
    </message>
    <message>
        <source>--ask needs a question.</source>
        <translation>--ask 需要一个问题。</translation>
    </message>
    <message>
        <source>--profile needs a folder.</source>
        <translation>--profile 需要一个文件夹。</translation>
    </message>
    <message>
        <source>--ask and --chat exclude each other.</source>
        <translation>--ask 和 --chat 不能同时使用。</translation>
    </message>
    <message>
        <source>&quot;%1&quot; is not understood here.</source>
        <translation>无法理解这里的“%1”。</translation>
    </message>
    <message>
        <source>Answer &lt;text&gt; on the standard output and end; - takes it from the standard input.</source>
        <translation>在标准输出上回答 &lt;文本&gt; 后退出；- 表示从标准输入读取。</translation>
    </message>
    <message>
        <source>With --ask: the seed of chance; the same one gives the same answer.</source>
        <translation>与 --ask 同用：随机种子；相同的种子得到相同的回答。</translation>
    </message>
    <message>
        <source>With --ask: end the answer after so many tokens.</source>
        <translation>与 --ask 同用：回答到这么多词元为止。</translation>
    </message>
    <message>
        <source>--%1 takes a whole number from %2 to %3, not &quot;%4&quot;.</source>
        <translation>--%1 需要 %2 到 %3 之间的整数，而不是“%4”。</translation>
    </message>
    <message>
        <source>--%1 goes with --ask.</source>
        <translation>--%1 须与 --ask 同用。</translation>
    </message>
    <message>
        <source>There is no question on the standard input.</source>
        <translation>标准输入中没有问题。</translation>
    </message>
    <message>
        <source>The question on the standard input is longer than 8 MB.</source>
        <translation>标准输入中的问题超过了 8 MB。</translation>
    </message>
    <message>
        <source>The standard input cannot be read.</source>
        <translation>无法读取标准输入。</translation>
    </message>
    <message>
        <source>The display %1 cannot be reached for a window. Use --chat or --ask.</source>
        <translation>无法连接到显示窗口的屏幕 %1。请使用 --chat 或 --ask。</translation>
    </message>
    <message>
        <source>The display %1 cannot be reached, so the chat is in the terminal.</source>
        <translation>无法连接到屏幕 %1，因此在终端中对话。</translation>
    </message>
    <message>
        <source>--%1 is given twice.</source>
        <translation>--%1 出现了两次。</translation>
    </message>
    <message>
        <source>Use this model: a GGUF file, or a folder as Hugging Face publishes models.</source>
        <translation>使用这个模型：GGUF 文件，或 Hugging Face 发布形式的模型文件夹。</translation>
    </message>
    <message>
        <source>path</source>
        <translation>路径</translation>
    </message>
    <message>
        <source>A model to use (a GGUF file or a model&apos;s folder), or a question for the window.</source>
        <translation>要使用的模型（GGUF 文件或模型文件夹），或要填入窗口的问题。</translation>
    </message>
</context>
<context>
    <name>Engine</name>
    <message>
        <source>tensor %1 is none that models of type %2 have.</source>
        <translation>张量 %1 不属于 %2 类型的模型。</translation>
    </message>
    <message>
        <source>%1.expert_group_used_count must be at least 1 where there is %2.expert_group_count.</source>
        <translation>有 %2.expert_group_count 时，%1.expert_group_used_count 至少须为 1。</translation>
    </message>
    <message>
        <source>%1.nextn_predict_layers must be less than %2.block_count.</source>
        <translation>%1.nextn_predict_layers 必须小于 %2.block_count。</translation>
    </message>
    <message>
        <source>tensor %1 is missing, though there is %2: all layers with experts have one, or none.</source>
        <translation>缺少张量 %1，但存在 %2：含专家的各层要么全有，要么全无。</translation>
    </message>
    <message>
        <source>tensor %1 is missing, though config.json says attention_bias.</source>
        <translation>缺少张量 %1，但 config.json 中声明了 attention_bias。</translation>
    </message>
    <message>
        <source>tensor %1 is there, but config.json does not say that %2 is true.</source>
        <translation>存在张量 %1，但 config.json 未将 %2 设为 true。</translation>
    </message>
    <message>
        <source>no tensor mlp.gate.e_score_correction_bias is there, though topk_method noaux_tc chooses by it.</source>
        <translation>没有张量 mlp.gate.e_score_correction_bias，而 topk_method 为 noaux_tc 时要靠它选择专家。</translation>
    </message>
    <message>
        <source>tensor %1 is there, but topk_method in config.json is not noaux_tc.</source>
        <translation>存在张量 %1，但 config.json 中的 topk_method 不是 noaux_tc。</translation>
    </message>
    <message>
        <source>config.json: %1 is false; this version knows this model with biases only.</source>
        <translation>config.json：%1 为 false；此版本只支持带偏置的这种模型。</translation>
    </message>
    <message>
        <source>config.json: %1 is %2, which this version does not know for this model; 1 is.</source>
        <translation>config.json：%1 为 %2，此版本对这种模型只支持 1。</translation>
    </message>
    <message>
        <source>config.json: %1 and %2 differ, or are not both there, which this version does not know.</source>
        <translation>config.json：%1 与 %2 不同，或缺少其一，此版本不支持。</translation>
    </message>
    <message>
        <source>config.json: %1 is false; this version rounds YaRN&apos;s borders to whole pairs.</source>
        <translation>config.json：%1 为 false；此版本将 YaRN 的边界取整到完整的一对。</translation>
    </message>
    <message>
        <source>config.json: %1 must be above low_freq_factor.</source>
        <translation>config.json：%1 必须大于 low_freq_factor。</translation>
    </message>
    <message>
        <source>%1 The folder&apos;s own names: %2.</source>
        <comment>a sentence, and names</comment>
        <translation>%1文件夹中的名称：%2。</translation>
    </message>
    <message>
        <source>metadata %1: element %2, &quot;%3&quot;, is not known.</source>
        <translation>元数据 %1：第 %2 个元素“%3”未知。</translation>
    </message>
    <message>
        <source>metadata %1 names the token %2, but there are only %3.</source>
        <translation>元数据 %1 指向词元 %2，但只有 %3 个词元。</translation>
    </message>
    <message>
        <source>%1.attention.sliding_window is set; this version knows no window that only the answer has.</source>
        <translation>%1.attention.sliding_window 已设置；此版本不支持只用于回答的窗口。</translation>
    </message>
    <message>
        <source>%1.expert_gating_func is %2; 1 (softmax) and 2 (sigmoid) are supported.</source>
        <translation>%1.expert_gating_func 是 %2；只支持 1（softmax）和 2（sigmoid）。</translation>
    </message>
    <message>
        <source>%1.expert_count must be a multiple of %2.expert_group_count.</source>
        <translation>%1.expert_count 必须是 %2.expert_group_count 的倍数。</translation>
    </message>
    <message>
        <source>%1.expert_group_used_count must be no more than %2.expert_group_count.</source>
        <translation>%1.expert_group_used_count 不能大于 %2.expert_group_count。</translation>
    </message>
    <message>
        <source>%1.expert_used_count must be no more than the experts of %2.expert_group_used_count groups.</source>
        <translation>%1.expert_used_count 不能大于 %2.expert_group_used_count 个组中的专家数。</translation>
    </message>
    <message>
        <source>%1.expert_used_count must be no more than %2.expert_count.</source>
        <translation>%1.expert_used_count 不能大于 %2.expert_count。</translation>
    </message>
    <message>
        <source>%1.expert_shared_feed_forward_length must be %2.expert_shared_count times %3.expert_feed_forward_length.</source>
        <translation>%1.expert_shared_feed_forward_length 必须是 %2.expert_shared_count 乘以 %3.expert_feed_forward_length。</translation>
    </message>
    <message>
        <source>%1.leading_dense_block_count must be no more than %2.block_count.</source>
        <translation>%1.leading_dense_block_count 不能大于 %2.block_count。</translation>
    </message>
    <message>
        <source>%1.expert_count is missing or 0, though %2.leading_dense_block_count leaves layers that have experts.</source>
        <translation>%1.expert_count 缺失或为 0，而 %2.leading_dense_block_count 之后还有带专家的层。</translation>
    </message>
    <message>
        <source>tensor %1 belongs to no part of the model that the metadata describe (%2.block_count is %3); the answers would be wrong without it.</source>
        <translation>张量 %1 不属于元数据所描述的模型（%2.block_count 为 %3）的任何部分；缺了它，回答会出错。</translation>
    </message>
    <message>
        <source>tensor %1 holds a value that is not finite.</source>
        <translation>张量 %1 中有不是有限数的值。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.merges: element %1, &quot;%2&quot;, is no pair.</source>
        <translation>元数据 tokenizer.ggml.merges：第 %1 个元素“%2”不是一对。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.merges: element %1, &quot;%2&quot;, needs the token &quot;%3&quot;, which is not in tokenizer.ggml.tokens.</source>
        <translation>元数据 tokenizer.ggml.merges：第 %1 个元素“%2”需要词元“%3”，而它不在 tokenizer.ggml.tokens 中。</translation>
    </message>
    <message>
        <source>The messages are nested more than %1 levels deep.</source>
        <translation>消息的嵌套超过 %1 层。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.pre says that text is split by the rules &quot;%1&quot;, which this version of Hadal does not know.</source>
        <translation>元数据 tokenizer.ggml.pre 说文本按规则“%1”切分，此版本的 Hadal 不认识该规则。</translation>
    </message>
    <message>
        <source>A text-splitting pattern could not be compiled at character %1: %2.</source>
        <translation>切分文本的模式在第 %1 个字符处无法编译：%2。</translation>
    </message>
    <message>
        <source>the metadata has neither tokenizer.ggml.scores nor tokenizer.ggml.merges, without which text cannot be split into tokens.</source>
        <translation>元数据中既没有 tokenizer.ggml.scores，也没有 tokenizer.ggml.merges，没有它们就无法把文本切分成词元。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.scores: element %1 is no number.</source>
        <translation>元数据 tokenizer.ggml.scores：第 %1 个元素不是数。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.model names the kind &quot;%1&quot;, which this version of Hadal does not know.</source>
        <translation>元数据 tokenizer.ggml.model 的类型是“%1”，此版本的 Hadal 不认识该类型。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.%1 has %2 elements for %3 tokens.</source>
        <translation>元数据 tokenizer.ggml.%1 有 %2 个元素，而词元有 %3 个。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.tokens has %1 tokens; 1 to %2 are supported.</source>
        <translation>元数据 tokenizer.ggml.tokens 有 %1 个词元，只支持 1 到 %2 个。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.tokens has more than 4 GB of text.</source>
        <translation>元数据 tokenizer.ggml.tokens 的文本超过 4 GB。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.token_type says %1 for token %2, which is no token type.</source>
        <translation>元数据 tokenizer.ggml.token_type 给词元 %2 的值是 %1，没有这种词元类型。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.tokens: special token %1, &quot;%2&quot;, is %3 bytes long; at most %4 are supported.</source>
        <translation>元数据 tokenizer.ggml.tokens：特殊词元 %1“%2”长 %3 字节，最多支持 %4 字节。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.tokens: token %1, &quot;%2&quot;, is %3 bytes long; at most %4 are supported.</source>
        <translation>元数据 tokenizer.ggml.tokens：词元 %1“%2”长 %3 字节，最多支持 %4 字节。</translation>
    </message>
    <message>
        <source>metadata tokenizer.ggml.tokens: token %1, &quot;%2&quot;, is of type byte, but not spelled &lt;0x00&gt; to &lt;0xFF&gt;.</source>
        <translation>元数据 tokenizer.ggml.tokens：词元 %1“%2”的类型是字节，但写法不是 &lt;0x00&gt; 到 &lt;0xFF&gt;。</translation>
    </message>
    <message>
        <source>metadata %1 is %2, but there are only %3 tokens.</source>
        <translation>元数据 %1 是 %2，但只有 %3 个词元。</translation>
    </message>
    <message>
        <source>the model %1 carries no chat template (metadata %2), and no vocabulary to tell which one would suit it.</source>
        <translation>模型 %1 没有对话模板（元数据 %2），也没有可据以判断哪个模板合适的词表。</translation>
    </message>
    <message>
        <source>the model %1 carries a chat template that is no text (metadata %2), and no vocabulary to tell which one would suit it.</source>
        <translation>模型 %1 的对话模板不是文本（元数据 %2），也没有可据以判断哪个模板合适的词表。</translation>
    </message>
    <message>
        <source>the model %1 carries a chat template that cannot be understood, %2 (metadata %3), and no vocabulary to tell which one would suit it.</source>
        <translation>模型 %1 的对话模板无法解析，%2（元数据 %3），也没有可据以判断哪个模板合适的词表。</translation>
    </message>
    <message>
        <source>The model %1 carries no chat template; Hadal&apos;s own &quot;%2&quot; stands in, because %3.</source>
        <translation>模型 %1 没有对话模板；使用 Hadal 自带的“%2”代替，因为%3。</translation>
    </message>
    <message>
        <source>The model %1 carries a chat template that is no text; Hadal&apos;s own &quot;%2&quot; stands in, because %3.</source>
        <translation>模型 %1 的对话模板不是文本；使用 Hadal 自带的“%2”代替，因为%3。</translation>
    </message>
    <message>
        <source>The model %1 carries a chat template that cannot be understood, %2; Hadal&apos;s own &quot;%3&quot; stands in, because %4.</source>
        <translation>模型 %1 的对话模板无法解析，%2；使用 Hadal 自带的“%3”代替，因为%4。</translation>
    </message>
    <message>
        <source>The model %1 carries this chat template.</source>
        <translation>模型 %1 带有此对话模板。</translation>
    </message>
    <message>
        <source>This chat template was given.</source>
        <translation>此对话模板是另外给出的。</translation>
    </message>
    <message>
        <source>The chat template cannot be understood, %1.</source>
        <translation>对话模板无法解析，%1。</translation>
    </message>
    <message>
        <source>The chat template refuses this conversation: %1.</source>
        <translation>对话模板不接受此对话：%1。</translation>
    </message>
    <message>
        <source>The chat template fails in line %1: %2.</source>
        <translation>对话模板在第 %1 行出错：%2。</translation>
    </message>
    <message>
        <source>The system has no memory left to render the chat template.</source>
        <translation>系统没有足够的内存来套用对话模板。</translation>
    </message>
    <message>
        <source>The answer cannot be continued: the chat template leaves it out or changes it.</source>
        <translation>回答无法继续：对话模板略去或改动了它。</translation>
    </message>
    <message>
        <source>The answer cannot be continued: the last message has no text.</source>
        <translation>回答无法继续：最后一条消息没有文本。</translation>
    </message>
    <message>
        <source>The tools are no JSON list.</source>
        <translation>工具不是 JSON 列表。</translation>
    </message>
    <message>
        <source>The messages are no JSON.</source>
        <translation>消息不是 JSON。</translation>
    </message>
    <message>
        <source>The messages are no JSON list of objects, each with a role and a content.</source>
        <translation>消息不是由带有角色和内容的对象组成的 JSON 列表。</translation>
    </message>
    <message>
        <source>%1.rope.freq_base must be above 1 for YaRN.</source>
        <translation>使用 YaRN 时 %1.rope.freq_base 必须大于 1。</translation>
    </message>
    <message>
        <source>%1.attention.head_count must be a multiple of %2.attention.head_count_kv.</source>
        <translation>%1.attention.head_count 必须是 %2.attention.head_count_kv 的倍数。</translation>
    </message>
    <message>
        <source>%1.embedding_length must be a multiple of %2.attention.head_count.</source>
        <translation>%1.embedding_length 必须是 %2.attention.head_count 的倍数。</translation>
    </message>
    <message>
        <source>%1.embedding_length or %2.attention.key_length gives a head of attention more than 1024 elements.</source>
        <translation>%1.embedding_length 或 %2.attention.key_length 使每个注意力头超过 1024 个元素。</translation>
    </message>
    <message>
        <source>%1.rope.dimension_count and %2.attention.key_length must be even, and the first no more than the second.</source>
        <translation>%1.rope.dimension_count 和 %2.attention.key_length 必须是偶数，且前者不大于后者。</translation>
    </message>
    <message>
        <source>%1.attention.value_length must equal the key length.</source>
        <translation>%1.attention.value_length 必须等于键的长度。</translation>
    </message>
    <message>
        <source>%1.vocab_size is %2 but token_embd.weight has %3 rows.</source>
        <translation>%1.vocab_size 是 %2，但 token_embd.weight 有 %3 行。</translation>
    </message>
    <message>
        <source>tensor rope_freqs.weight holds a factor that is not above 0.</source>
        <translation>张量 rope_freqs.weight 中有不大于 0 的系数。</translation>
    </message>
    <message>
        <source>The model file %1 was cut short while it was in use, or its disk failed. Load it again once it is whole.</source>
        <translation>模型文件 %1 在使用中被截短，或其磁盘出错。请在文件完整后重新载入。</translation>
    </message>
    <message>
        <source>There is no token to compute: the text is empty, or the model&apos;s vocabulary has no token for any of it.</source>
        <translation>没有可计算的词元：文本为空，或模型的词表中没有对应的词元。</translation>
    </message>
    <message>
        <source>The context&apos;s cache is full.</source>
        <translation>上下文的缓存已满。</translation>
    </message>
    <message>
        <source>This version cannot compute on the GPU yet; choose the processor.</source>
        <translation>此版本还不能在 GPU 上计算；请选择处理器。</translation>
    </message>
    <message>
        <source>its vocabulary has %1 and %2</source>
        <translation>其词表中有 %1 和 %2</translation>
    </message>
    <message>
        <source>its vocabulary has %1</source>
        <translation>其词表中有 %1</translation>
    </message>
    <message>
        <source>its text is split as DeepSeek-Coder&apos;s</source>
        <translation>其文本按 DeepSeek-Coder 的方式切分</translation>
    </message>
    <message>
        <source>its name says %1</source>
        <translation>其名称表明是 %1</translation>
    </message>
    <message>
        <source>it is a Llama with a SentencePiece vocabulary</source>
        <translation>它是使用 SentencePiece 词表的 Llama</translation>
    </message>
    <message>
        <source>nothing tells what it was trained on</source>
        <translation>无法得知它的训练格式</translation>
    </message>
    <message>
        <source>the file is empty. Download it again.</source>
        <translation>文件是空的，请重新下载。</translation>
    </message>
    <message>
        <source>the folder has no config.json: it is no model as Hugging Face publishes them. Give a GGUF file, or a folder with config.json, tokenizer.json and safetensors files.</source>
        <translation>文件夹中没有 config.json，不是 Hugging Face 发布的模型。请选择 GGUF 文件，或含有 config.json、tokenizer.json 和 safetensors 文件的文件夹。</translation>
    </message>
    <message>
        <source>the folder has no tokenizer.json, which says how text becomes tokens.</source>
        <translation>文件夹中没有 tokenizer.json，无法得知如何把文字切分为词元。</translation>
    </message>
    <message>
        <source>the folder has neither %1 nor %2, which hold the weights.</source>
        <translation>文件夹中没有存放权重的 %1，也没有 %2。</translation>
    </message>
    <message>
        <source>%1 is missing, which by %2 holds %3. Download it as well.</source>
        <translation>缺少 %1（按 %2 所述，其中有 %3），请一并下载。</translation>
    </message>
    <message>
        <source>config.json: model_type &quot;%1&quot; is none that this version reads from a folder; %2 are.</source>
        <translation>config.json：此版本不能从文件夹读取 model_type 为“%1”的模型，可以读取的有 %2。</translation>
    </message>
    <message>
        <source>config.json: quantization_config.quant_method is &quot;%1&quot;; fp8 with blocks of 128 x 128 is the only one this version reads. Get the model&apos;s unquantised files, or a GGUF file.</source>
        <translation>config.json：quantization_config.quant_method 为“%1”，此版本只能读取 128 x 128 分块的 fp8。请改用该模型未量化的文件或 GGUF 文件。</translation>
    </message>
    <message>
        <source>config.json: the rope type &quot;%1&quot; is not supported; default, linear, llama3 and yarn are.</source>
        <translation>config.json：不支持“%1”类型的旋转位置编码，支持 default、linear、llama3 和 yarn。</translation>
    </message>
    <message>
        <source>%1: the file ends inside its header: %2 are there. Download it again.</source>
        <translation>%1：文件在头部中断，只有 %2，请重新下载。</translation>
    </message>
    <message>
        <source>%1: tensor %2 (offset %3, %4): the file ends inside it. It is incomplete; download it again.</source>
        <translation>%1：文件在张量 %2（偏移 %3，%4）中断，内容不完整，请重新下载。</translation>
    </message>
    <message>
        <source>the file ends inside %1, after %2. Download it again.</source>
        <translation>文件在%1处中断，只有 %2，请重新下载。</translation>
    </message>
    <message>
        <source>this is not a GGUF file (it does not begin with &quot;GGUF&quot;). %1</source>
        <translation>这不是 GGUF 文件（开头不是“GGUF”）。%1</translation>
    </message>
    <message>
        <source>It looks like a safetensors file; convert it to GGUF first.</source>
        <translation>它看起来是 safetensors 文件，请先转换为 GGUF。</translation>
    </message>
    <message>
        <source>It looks like a ZIP archive (or a PyTorch checkpoint); unpack or convert it first.</source>
        <translation>它看起来是 ZIP 压缩包（或 PyTorch 检查点），请先解压或转换。</translation>
    </message>
    <message>
        <source>It looks like a web page: the download gave an error page instead of the model.</source>
        <translation>它看起来是网页：下载到的是错误页面，而不是模型。</translation>
    </message>
    <message>
        <source>It is a Git LFS pointer; fetch the file itself with git lfs pull.</source>
        <translation>它是 Git LFS 指针，请用 git lfs pull 获取文件本身。</translation>
    </message>
    <message>
        <source>It looks like a JSON file.</source>
        <translation>它看起来是 JSON 文件。</translation>
    </message>
    <message>
        <source>It is in the GGML format that came before GGUF; get a newer file of this model.</source>
        <translation>它是 GGUF 之前的 GGML 格式，请获取该模型较新的文件。</translation>
    </message>
    <message>
        <source>It begins with zeros only: an unfinished download. Download it again.</source>
        <translation>文件开头全是零，下载没有完成，请重新下载。</translation>
    </message>
    <message>
        <source>Hadal reads GGUF files.</source>
        <translation>Hadal 读取 GGUF 文件。</translation>
    </message>
    <message>
        <source>this GGUF file is big-endian, made for another kind of machine; get the little-endian file of this model.</source>
        <translation>这个 GGUF 文件是大端序，用于另一类机器，请获取该模型的小端序文件。</translation>
    </message>
    <message>
        <source>this is GGUF version %1; Hadal reads versions 2 and 3.</source>
        <translation>这是 GGUF 第 %1 版，Hadal 只能读取第 2 版和第 3 版。</translation>
    </message>
    <message>
        <source>the header announces %1 metadata entries and %2 tensors, more than a file of %3 can hold. It is damaged or incomplete; download it again.</source>
        <translation>文件头声明有 %1 条元数据和 %2 个张量，%3 的文件容纳不下。文件已损坏或不完整，请重新下载。</translation>
    </message>
    <message>
        <source>%1 should be %2 bytes long, but the file ends after %3 of them. It is damaged or incomplete; download it again.</source>
        <translation>%1应有 %2 字节，但文件只到其中 %3 字节。文件已损坏或不完整，请重新下载。</translation>
    </message>
    <message>
        <source>%1 is %2 bytes long; at most %3 are allowed.</source>
        <translation>%1长 %2 字节，最多允许 %3 字节。</translation>
    </message>
    <message>
        <source>%1 should have %2 elements of type %3, but the file ends before. It is damaged or incomplete; download it again.</source>
        <translation>%1应有 %2 个 %3 类型的元素，但文件提前结束。文件已损坏或不完整，请重新下载。</translation>
    </message>
    <message>
        <source>%1: element %2 of %3 reaches beyond the end of the file. It is damaged or incomplete; download it again.</source>
        <translation>%1：第 %2 个元素（共 %3 个）超出文件末尾。文件已损坏或不完整，请重新下载。</translation>
    </message>
    <message>
        <source>metadata %1 occurs twice.</source>
        <translation>元数据 %1 出现了两次。</translation>
    </message>
    <message>
        <source>metadata %1 should be of type %2, but is %3.</source>
        <translation>元数据 %1 应为 %2 类型，实际是 %3。</translation>
    </message>
    <message>
        <source>metadata general.alignment is %1, but must be a power of two from 8 to 2097152.</source>
        <translation>元数据 general.alignment 为 %1，但必须是 8 到 2097152 之间的 2 的幂。</translation>
    </message>
    <message>
        <source>the metadata has no %1 (%2).</source>
        <translation>元数据中没有 %1（%2）。</translation>
    </message>
    <message>
        <source>%1 has the unknown type %2.</source>
        <translation>%1的类型 %2 未知。</translation>
    </message>
    <message>
        <source>%1 should be true or false (1 or 0), but is %2.</source>
        <translation>%1应为真或假（1 或 0），实际是 %2。</translation>
    </message>
    <message>
        <source>%1 is an array of arrays, which no model needs.</source>
        <translation>%1是数组的数组，没有模型需要它。</translation>
    </message>
    <message>
        <source>%1 is an array of the unknown type %2.</source>
        <translation>%1是未知类型 %2 的数组。</translation>
    </message>
    <message>
        <source>tensor %1 occurs twice in the tensor table.</source>
        <translation>张量 %1 在张量表中出现了两次。</translation>
    </message>
    <message>
        <source>tensor %1 of %2 has no name.</source>
        <translation>第 %1 个张量（共 %2 个）没有名称。</translation>
    </message>
    <message>
        <source>tensor %1 has %2 dimensions; 1 to 4 are allowed.</source>
        <translation>张量 %1 有 %2 个维度，只允许 1 到 4 个。</translation>
    </message>
    <message>
        <source>%1: dimension %2 is 0.</source>
        <translation>%1：第 %2 维为 0。</translation>
    </message>
    <message>
        <source>%1 has more than 2^63 elements.</source>
        <translation>%1的元素超过 2^63 个。</translation>
    </message>
    <message>
        <source>%1 has rows of %2 elements, which is no multiple of %3, the block of type %4.</source>
        <translation>%1的每行有 %2 个元素，不是 %4 类型块大小 %3 的倍数。</translation>
    </message>
    <message>
        <source>%1 is larger than any file can be.</source>
        <translation>%1大于任何文件所能容纳的大小。</translation>
    </message>
    <message>
        <source>%1: offset %2 is no multiple of %3, the file&apos;s alignment.</source>
        <translation>%1：偏移 %2 不是文件对齐值 %3 的倍数。</translation>
    </message>
    <message>
        <source>tensor %1 is missing.</source>
        <translation>缺少张量 %1。</translation>
    </message>
    <message>
        <source>tensor %1 is of type %2, which this version cannot compute with.</source>
        <translation>张量 %1 是 %2 类型，此版本无法用它计算。</translation>
    </message>
    <message>
        <source>tensor %1 is of type %2; a vector must be F32, F16 or BF16.</source>
        <translation>张量 %1 是 %2 类型，而向量必须是 F32、F16 或 BF16。</translation>
    </message>
    <message>
        <source>tensor %1 is %2 where the model needs %3.</source>
        <translation>张量 %1 的形状是 %2，而模型需要 %3。</translation>
    </message>
    <message>
        <source>the model&apos;s architecture (metadata general.architecture) is &quot;%1&quot;; this version of Hadal runs %2.</source>
        <translation>模型架构（元数据 general.architecture）是“%1”，此版本的 Hadal 可运行 %2。</translation>
    </message>
    <message>
        <source>the model&apos;s architecture (metadata general.architecture) is &quot;%1&quot; (%2), which would need %3; this version of Hadal runs %4.</source>
        <translation>模型架构（元数据 general.architecture）是“%1”（%2），它需要%3；此版本的 Hadal 可运行 %4。</translation>
    </message>
    <message>
        <source>sparse attention with a lightning indexer</source>
        <translation>带闪电索引器的稀疏注意力</translation>
    </message>
    <message>
        <source>compressed sparse attention and hyper-connections</source>
        <translation>压缩稀疏注意力和超连接</translation>
    </message>
    <message>
        <source>rotary positions in several dimensions</source>
        <translation>多维旋转位置</translation>
    </message>
    <message>
        <source>layers of linear attention</source>
        <translation>线性注意力层</translation>
    </message>
    <message>
        <source>layers without rotary positions</source>
        <translation>不带旋转位置编码的层</translation>
    </message>
    <message>
        <source>attention in chunks and layers without rotary positions</source>
        <translation>分块注意力和不带旋转位置编码的层</translation>
    </message>
    <message>
        <source>learned positions</source>
        <translation>学习得到的位置编码</translation>
    </message>
    <message>
        <source>its own factors on embeddings, residuals and logits</source>
        <translation>嵌入、残差和 logit 上的专用系数</translation>
    </message>
    <message>
        <source>attention and feed-forward side by side</source>
        <translation>并列的注意力与前馈</translation>
    </message>
    <message>
        <source>scaled embeddings and another activation</source>
        <translation>缩放的嵌入和另一种激活函数</translation>
    </message>
    <message>
        <source>attention in both directions; it writes no text</source>
        <translation>双向注意力；它不生成文本</translation>
    </message>
    <message>
        <source>fused projections and long-context factors</source>
        <translation>融合投影和长上下文因子</translation>
    </message>
    <message>
        <source>capped logits and norms after each half</source>
        <translation>限幅的 logit 和每个半层之后的归一化</translation>
    </message>
    <message>
        <source>windows that alternate from layer to layer</source>
        <translation>逐层交替的注意力窗口</translation>
    </message>
    <message>
        <source>attention sinks and a mixture of experts</source>
        <translation>注意力汇和混合专家</translation>
    </message>
    <message>
        <source>state-space layers</source>
        <translation>状态空间层</translation>
    </message>
    <message>
        <source>%1.expert_count says that this is a mixture of experts, which this version cannot run.</source>
        <translation>%1.expert_count 表明这是混合专家模型，此版本无法运行。</translation>
    </message>
    <message>
        <source>%1 must be a multiple of %2.</source>
        <translation>%1 必须是 %2 的倍数。</translation>
    </message>
    <message>
        <source>%1 must be no more than %2.</source>
        <translation>%1 不得大于 %2。</translation>
    </message>
    <message>
        <source>%1 must be %2 times %3.</source>
        <translation>%1 必须等于 %2 乘以 %3。</translation>
    </message>
    <message>
        <source>%1.expert_count is missing or 0, though %2 leaves layers that have experts.</source>
        <translation>%1.expert_count 缺失或为 0，而按 %2 仍有带专家的层。</translation>
    </message>
    <message>
        <source>%1.rope.scaling.type &quot;%2&quot; is not supported; none, linear and yarn are.</source>
        <translation>不支持 %1.rope.scaling.type 的值“%2”；支持的是 none、linear 和 yarn。</translation>
    </message>
    <message>
        <source>%1.rope.scaling.yarn_ext_factor is not 1; this version knows no partial YaRN.</source>
        <translation>%1.rope.scaling.yarn_ext_factor 不是 1；此版本不支持部分 YaRN。</translation>
    </message>
    <message>
        <source>%1.attention.sliding_window_pattern is set; this version knows one window for all layers only.</source>
        <translation>设置了 %1.attention.sliding_window_pattern；此版本只支持所有层共用一个窗口。</translation>
    </message>
    <message>
        <source>%1.attention.temperature_scale is set; this version knows no scores that depend on the position.</source>
        <translation>设置了 %1.attention.temperature_scale；此版本不支持随位置变化的注意力分数。</translation>
    </message>
    <message>
        <source>the layers that have a tensor nextn.eh_proj.weight are not the last ones, as many as %1.nextn_predict_layers says.</source>
        <translation>含有张量 nextn.eh_proj.weight 的层不是最后的那些层，或者数量与 %1.nextn_predict_layers 不符。</translation>
    </message>
    <message>
        <source>This model has no layer that predicts more than the next token.</source>
        <translation>此模型没有预测下一个词元之后内容的层。</translation>
    </message>
    <message>
        <source>%1 is %2; it must be between 1 and %3.</source>
        <translation>%1 的值是 %2；它必须在 1 到 %3 之间。</translation>
    </message>
    <message>
        <source>%1 is %2; it must be above 0.</source>
        <translation>%1 的值是 %2；它必须大于 0。</translation>
    </message>
    <message>
        <source>tokenizer.ggml.tokens has %1 tokens, but tensor token_embd.weight has %2 rows.</source>
        <translation>tokenizer.ggml.tokens 有 %1 个词元，而张量 token_embd.weight 有 %2 行。</translation>
    </message>
    <message>
        <source>The system has no memory left to load %1.</source>
        <translation>系统没有足够的内存来加载 %1。</translation>
    </message>
    <message>
        <source>The system has no memory left for the engine.</source>
        <translation>系统没有足够的内存来运行推理引擎。</translation>
    </message>
    <message>
        <source>The system has no memory left for another request.</source>
        <translation>系统没有足够的内存来处理新的请求。</translation>
    </message>
    <message>
        <source>The system has no memory left; the answer stopped here.</source>
        <translation>系统内存不足，回答到此为止。</translation>
    </message>
    <message>
        <source>The system has no %1 for the context&apos;s cache; choose a shorter context.</source>
        <translation>系统没有 %1 的内存用于上下文缓存，请选择较短的上下文。</translation>
    </message>
    <message>
        <source>The model computed no usable number for the next token; its file is probably damaged.</source>
        <translation>模型没有为下一个词元算出可用的数值，模型文件可能已损坏。</translation>
    </message>
    <message>
        <source>%1 cannot be opened: No such file or directory.</source>
        <translation>无法打开 %1：没有这个文件。</translation>
    </message>
    <message>
        <source>%1 cannot be opened: Permission denied.</source>
        <translation>无法打开 %1：没有权限。</translation>
    </message>
    <message>
        <source>%1 cannot be opened: %2.</source>
        <translation>无法打开 %1：%2。</translation>
    </message>
    <message>
        <source>%1 cannot be read: Is a directory.</source>
        <translation>无法读取 %1：它是一个文件夹。</translation>
    </message>
    <message>
        <source>%1 cannot be read: %2.</source>
        <translation>无法读取 %1：%2。</translation>
    </message>
    <message>
        <source>%1 cannot be mapped into memory: %2.</source>
        <translation>无法将 %1 映射到内存：%2。</translation>
    </message>
    <message>
        <source>%1 is not a regular file.</source>
        <translation>%1 不是普通文件。</translation>
    </message>
    <message>
        <source>Loading was cancelled.</source>
        <translation>加载已取消。</translation>
    </message>
    <message>
        <source>its first 8 bytes</source>
        <translation>开头 8 字节</translation>
    </message>
    <message>
        <source>its header</source>
        <translation>文件头</translation>
    </message>
    <message>
        <source>the first metadata key</source>
        <translation>第一个元数据键</translation>
    </message>
    <message>
        <source>the metadata key after %1</source>
        <translation>%1 之后的元数据键</translation>
    </message>
    <message>
        <source>the name of tensor %1 of %2</source>
        <translation>第 %1 个张量（共 %2 个）的名称</translation>
    </message>
    <message>
        <source>the table entry of tensor %1</source>
        <translation>张量 %1 的表项</translation>
    </message>
    <message>
        <source>%1 bytes</source>
        <translation>%1 字节</translation>
    </message>
    <message>
        <source>metadata %1</source>
        <translation>元数据 %1 </translation>
    </message>
    <message>
        <source>tensor %1</source>
        <translation>张量 %1 </translation>
    </message>
    <message>
        <source>%1: %2</source>
        <comment>a file, and what is wrong with it</comment>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>tensor %1 (offset %2, %3): the file ends inside it: %4 of %5 are there. Download it again.</source>
        <translation>张量 %1（偏移 %2，%3）：文件在其中中断，只有 %4（应为 %5），请重新下载。</translation>
    </message>
    <message>
        <source>tensor %1 (offset %2, %3): it lies beyond the end of the file: %4 of %5 are there. Download it again.</source>
        <translation>张量 %1（偏移 %2，%3）：它在文件末尾之外，只有 %4（应为 %5），请重新下载。</translation>
    </message>
    <message>
        <source>tensors %1 and %2 overlap: the second begins at byte %3, before the first ends at byte %4.</source>
        <translation>张量 %1 与 %2 重叠：后者从第 %3 字节开始，而前者到第 %4 字节才结束。</translation>
    </message>
</context>
<context>
    <name>ModelMenu</name>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Choose a file...</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Choose a folder...</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Show the experts</source>
        <translation>查看专家</translation>
    </message>
    <message>
        <source>Models (*.gguf *.safetensors *.json)</source>
        <translation>模型 (*.gguf *.safetensors *.json)</translation>
    </message>
    <message>
        <source>Choose a model&apos;s folder</source>
        <translation>选择模型文件夹</translation>
    </message>
</context>
<context>
    <name>Plugins</name>
    <message>
        <source>Not opened: %1</source>
        <translation>未能打开：%1</translation>
    </message>
    <message>
        <source>There are no plugins.</source>
        <translation>没有插件。</translation>
    </message>
    <message>
        <source>Folder: %1</source>
        <translation>文件夹：%1</translation>
    </message>
</context>
<context>
    <name>Policy</name>
    <message>
        <source>The policy recommends &quot;%1&quot;, which is no setting it can give.</source>
        <translation>策略推荐了“%1”，但它不是策略可以设定的设置。</translation>
    </message>
    <message>
        <source>The policy %1 cannot be read: %2.</source>
        <translation>无法读取策略文件 %1：%2。</translation>
    </message>
    <message>
        <source>The policy %1 is too large.</source>
        <translation>策略文件 %1 过大。</translation>
    </message>
    <message>
        <source>The policy %1 is no JSON: %2 at byte %3.</source>
        <translation>策略文件 %1 不是有效的 JSON：%2，位于第 %3 字节。</translation>
    </message>
    <message>
        <source>The policy %1 is no JSON object.</source>
        <translation>策略文件 %1 不是一个 JSON 对象。</translation>
    </message>
    <message>
        <source>The policies in %1 cannot be read.</source>
        <translation>无法读取 %1 中的策略。</translation>
    </message>
    <message>
        <source>The policy names &quot;%1&quot;, which is no setting that can be fixed.</source>
        <translation>策略中的“%1”不是可以锁定的设置项。</translation>
    </message>
    <message>
        <source>The policy gives &quot;%1&quot; a value it cannot have.</source>
        <translation>策略给“%1”设定了无效的值。</translation>
    </message>
    <message>
        <source>Until it is mended, every other setting keeps its default and cannot be changed.</source>
        <translation>在策略修正之前，其他设置保持默认值且不能更改。</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>General</source>
        <translation>常规</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Changes at once.</source>
        <translation>立即生效。</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Tokens that a chat and its next answer may take together. More takes more memory. 0: what the model was made for, at most 8,192.</source>
        <translation>一个对话连同下一个回答最多占用的词元数。越大占用内存越多。0：按模型的设计，最多 8,192。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Processor threads that compute answers. 0: as many as are fastest on this machine.</source>
        <translation>用于计算回答的处理器线程数。0：本机最快的数量。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>How freely words are chosen. 0: always the likeliest.</source>
        <translation>选词的自由程度。0：总是选最可能的词。</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Only so many of the likeliest tokens are considered. 0: all.</source>
        <translation>只考虑概率最高的若干个词元。0：全部。</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Only the likeliest tokens are considered that reach this probability together. 1: all.</source>
        <translation>只考虑累计概率达到此值的最可能词元。1：全部。</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>Only tokens are considered that are at least this much as likely as the likeliest. 0: all.</source>
        <translation>只考虑概率不低于最可能词元概率此倍数的词元。0：全部。</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Above 1, tokens become less likely that the chat or the answer has already. 1: off.</source>
        <translation>大于 1 时，对话或回答中已出现的词元更不容易再被选中。1：关闭。</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>Above 0, a token becomes the less likely the more often the answer has it. 0: off.</source>
        <translation>大于 0 时，词元在回答中出现得越多，就越不容易再被选中。0：关闭。</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>Above 0, tokens become less likely that the answer has already. 0: off.</source>
        <translation>大于 0 时，回答中已出现的词元更不容易再被选中。0：关闭。</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Said to the model before every chat.</source>
        <translation>在每个对话开始前告诉模型的话。</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Keep long chats read</source>
        <translation>保留长对话的读取结果</translation>
    </message>
    <message>
        <source>What the model has read of a long chat is kept in the data folder, so that it answers at once when you come back. Takes 4 GB at most.</source>
        <translation>把模型对长对话的读取结果保存在数据文件夹中，再次打开时即可立刻回答。最多占用 4 GB。</translation>
    </message>
    <message>
        <source>Data folder</source>
        <translation>数据文件夹</translation>
    </message>
    <message>
        <source>Everything you make is here. Start with --profile to use another.</source>
        <translation>你的所有内容都在这里。要使用别的文件夹，请用 --profile 启动。</translation>
    </message>
    <message>
        <source>Model used</source>
        <translation>使用的模型</translation>
    </message>
    <message>
        <source>A GGUF file, or a folder as Hugging Face publishes models. Empty: the first model found beside the program, in the folders for shared models and in this profile.</source>
        <translation>GGUF 文件，或 Hugging Face 发布形式的模型文件夹。留空则使用在程序旁、共享模型文件夹和本配置文件夹中找到的第一个模型。</translation>
    </message>
</context>
<context>
    <name>Store</name>
    <message>
        <source>This chat is no longer there.</source>
        <translation>这个对话已不存在。</translation>
    </message>
    <message>
        <source>This message is no longer there.</source>
        <translation>这条消息已不存在。</translation>
    </message>
    <message>
        <source>The database could not be backed up to %1: %2</source>
        <translation>无法将数据库备份到 %1：%2</translation>
    </message>
    <message>
        <source>the folder cannot be created.</source>
        <translation>无法创建文件夹。</translation>
    </message>
    <message>
        <source>the copy did not pass its check.</source>
        <translation>副本没有通过检查。</translation>
    </message>
    <message>
        <source>the copy could not be written to the disk.</source>
        <translation>无法将副本写入磁盘。</translation>
    </message>
    <message>
        <source>The damaged database %1 could not be moved aside.</source>
        <translation>无法移走损坏的数据库 %1。</translation>
    </message>
    <message>
        <source>The disk that holds %1 is full. What was kept before is safe; free some space and try again.</source>
        <translation>存放 %1 的磁盘已满。之前保存的内容是安全的，请腾出一些空间后重试。</translation>
    </message>
    <message>
        <source>Another program holds the database %1. Close it and try again.</source>
        <translation>另一个程序占用了数据库 %1。请关闭它后重试。</translation>
    </message>
    <message>
        <source>The database %1 cannot be written.</source>
        <translation>无法写入数据库 %1。</translation>
    </message>
    <message>
        <source>The disk that holds %1 reported an error (%2).</source>
        <translation>存放 %1 的磁盘报告了错误（%2）。</translation>
    </message>
    <message>
        <source>The database %1 is damaged (%2).</source>
        <translation>数据库 %1 已损坏（%2）。</translation>
    </message>
    <message>
        <source>The database %1 cannot be opened.</source>
        <translation>无法打开数据库 %1。</translation>
    </message>
    <message>
        <source>The database %1 refused an operation (%2).</source>
        <translation>数据库 %1 拒绝了一项操作（%2）。</translation>
    </message>
    <message>
        <source>%1 is a database of another program. It was left as it is.</source>
        <translation>%1 是其他程序的数据库，未作任何改动。</translation>
    </message>
    <message>
        <source>%1 was written by a newer Hadal (its data version is %2, this program knows %3). It was left as it is; install the newer Hadal to open it.</source>
        <translation>%1 由更新版本的 Hadal 写成（其数据版本为 %2，本程序只支持到 %3）。文件未作改动，请安装新版 Hadal 来打开它。</translation>
    </message>
    <message>
        <source>The database could not be brought from data version %1 to %2 and was left as it was: %3</source>
        <translation>数据库无法从数据版本 %1 升级到 %2，已保持原样：%3</translation>
    </message>
    <message>
        <source>The database was damaged and no backup was there, so Hadal began a new one. The damaged file was kept as %1.</source>
        <translation>数据库已损坏且没有备份，Hadal 新建了一个。损坏的文件保留为 %1。</translation>
    </message>
    <message>
        <source>The database was damaged. Hadal restored the backup of %1; the damaged file was kept as %2.</source>
        <translation>数据库已损坏。Hadal 已恢复 %1 的备份，损坏的文件保留为 %2。</translation>
    </message>
    <message>
        <source>%1 cannot be read: the last run did not end well, and there is no space for a copy of it.</source>
        <translation>无法读取 %1：上次运行没有正常结束，而且没有空间存放它的副本。</translation>
    </message>
    <message>
        <source>%1 has to be brought up to date first, which needs a folder that can be written.</source>
        <translation>需要先升级 %1，而这要求文件夹可写。</translation>
    </message>
    <message>
        <source>Until Hadal is started again, nothing is kept.</source>
        <translation>在重新启动 Hadal 之前，任何内容都不会保存。</translation>
    </message>
    <message>
        <source>The database does not keep what is written to it.</source>
        <translation>数据库没有保存写入的内容。</translation>
    </message>
    <message>
        <source>The disk that holds %1 is full, so no database can be made there. Free some space and start Hadal again.</source>
        <translation>%1 所在的磁盘已满，无法在那里建立数据库。请释放一些空间后重新启动 Hadal。</translation>
    </message>
    <message>
        <source>%1 is %2, where Hadal keeps its database. Move it away, or use another --profile.</source>
        <translation>%1 是%2，而 Hadal 要在这里保存数据库。请把它移走，或使用另一个 --profile。</translation>
    </message>
    <message>
        <source>a folder</source>
        <translation>一个文件夹</translation>
    </message>
    <message>
        <source>a pipe</source>
        <translation>一个管道</translation>
    </message>
    <message>
        <source>a device or socket</source>
        <translation>一个设备或套接字</translation>
    </message>
</context>
<context>
    <name>Terminal</name>
    <message>
        <source>The text is not UTF-8 throughout; what could not be read became U+FFFD.</source>
        <translation>文本并非全是 UTF-8；无法读取的部分已替换为 U+FFFD。</translation>
    </message>
    <message>
        <source>The output cannot be written: %1.</source>
        <translation>无法写入输出：%1。</translation>
    </message>
</context>
<context>
    <name>TextMenu</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Cut</source>
        <translation>剪切</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>粘贴</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
</context>
<context>
    <name>hadal::AskHost</name>
    <message>
        <source>Hadal is already running with this profile and another model. Choose %1 there, or use another --profile.</source>
        <translation>Hadal 已在使用这个配置文件夹，加载的是另一个模型。请在那里选择 %1，或用 --profile 指定另一个文件夹。</translation>
    </message>
</context>
<context>
    <name>hadal::AskPrinter</name>
    <message>
        <source>The Hadal that was answering has gone. What it had said is kept there.</source>
        <translation>正在回答的 Hadal 已经退出，已生成的内容保存在它那里。</translation>
    </message>
</context>
<context>
    <name>hadal::ChatService</name>
    <message>
        <source>This chat is still being answered. Stop the answer first.</source>
        <translation>这个对话还在回答中，请先停止回答。</translation>
    </message>
    <message>
        <source>The question is empty.</source>
        <translation>问题是空的。</translation>
    </message>
    <message>
        <source>The title is empty.</source>
        <translation>标题是空的。</translation>
    </message>
    <message>
        <source>The folder&apos;s name is empty.</source>
        <translation>文件夹名称是空的。</translation>
    </message>
    <message>
        <source>This answer is complete.</source>
        <translation>这个回答已经完整。</translation>
    </message>
    <message>
        <source>The chat went on after this answer, so it stays as it is.</source>
        <translation>对话已在这个回答之后继续，所以它保持原样。</translation>
    </message>
</context>
<context>
    <name>hadal::EngineWorker</name>
    <message>
        <source>This chat takes %L1 tokens and the model was made for %L2, so there is no room for an answer. Start a new chat, shorten the question, or choose another model.</source>
        <translation>这个对话共 %L1 个词元，而这个模型最多支持 %L2 个，没有留给回答的空间。请新建对话、缩短问题，或选择其他模型。</translation>
    </message>
    <message>
        <source>The context of %L1 tokens is full, and the model was made for no more, so the answer ends here. Go on in a new chat, or choose another model.</source>
        <translation>%L1 个词元的上下文已满，而这个模型最多支持这么多，回答到此为止。请在新对话中继续，或选择其他模型。</translation>
    </message>
    <message>
        <source>This chat takes %L1 tokens and the context holds %L2, so there is no room for an answer. Start a new chat, shorten the question, or raise the context in the settings.</source>
        <translation>这个对话共 %L1 个词元，而上下文只能容纳 %L2 个，没有留给回答的空间。请新建对话、缩短问题，或在设置中加大上下文。</translation>
    </message>
    <message>
        <source>The context of %L1 tokens is full, so the answer ends here. Go on in a new chat, or raise the context in the settings.</source>
        <translation>%L1 个词元的上下文已满，回答到此为止。请在新对话中继续，或在设置中加大上下文。</translation>
    </message>
    <message>
        <source>The engine failed.</source>
        <translation>推理引擎出错。</translation>
    </message>
    <message>
        <source>There is no model to answer with. Choose a GGUF file or a model&apos;s folder, or start Hadal with --model PATH.</source>
        <translation>没有可用来回答的模型。请选择一个 GGUF 文件或模型文件夹，或用 --model 路径 启动 Hadal。</translation>
    </message>
</context>
<context>
    <name>hadal::Profile</name>
    <message>
        <source>The folder %1 cannot be created.</source>
        <translation>无法创建文件夹 %1。</translation>
    </message>
    <message>
        <source>The folder %1 is on a read-only file system.</source>
        <translation>文件夹 %1 位于只读文件系统上。</translation>
    </message>
    <message>
        <source>The folder %1 may not be written by you.</source>
        <translation>你没有写入文件夹 %1 的权限。</translation>
    </message>
    <message>
        <source>The folder %1 cannot be written (%2).</source>
        <translation>无法写入文件夹 %1（%2）。</translation>
    </message>
    <message>
        <source>The folder %1 cannot be locked (%2).</source>
        <translation>无法锁定文件夹 %1（%2）。</translation>
    </message>
    <message>
        <source>%1 is not a folder, so it cannot be a profile. Name a folder with --profile.</source>
        <translation>%1 不是文件夹，不能用作配置目录。请用 --profile 指定一个文件夹。</translation>
    </message>
</context>
<context>
    <name>hadal::Program</name>
    <message>
        <source>The context is set to %L1 tokens, but %2 was made for %L3: so many are used.</source>
        <translation>上下文设为 %L1 个 token，但 %2 只支持 %L3 个，因此按后者使用。</translation>
    </message>
    <message>
        <source>Hadal is already running with this profile in a terminal (process %1).</source>
        <translation>Hadal 已在终端中使用这个配置文件夹（进程 %1）。</translation>
    </message>
    <message>
        <source>Hadal is already running with this profile (process %1).</source>
        <translation>Hadal 已在使用这个配置文件夹（进程 %1）。</translation>
    </message>
    <message>
        <source>Hadal is already running with this profile (process %1) and does not answer.</source>
        <translation>Hadal 已在使用这个配置文件夹（进程 %1），但没有响应。</translation>
    </message>
    <message>
        <source>You can read and chat here, but nothing of it is kept.</source>
        <translation>你可以在这里阅读和对话，但内容不会保存。</translation>
    </message>
    <message>
        <source>You can read here, but not write.</source>
        <translation>在这里只能阅读，不能写入。</translation>
    </message>
    <message>
        <source>The model %1, which the settings name, cannot be used: %2 For now %3 answers; the setting is kept.</source>
        <translation>设置中的模型 %1 无法使用：%2 目前由 %3 回答；设置保持不变。</translation>
    </message>
    <message>
        <source>The model %1 cannot be used: %2 %3 goes on answering.</source>
        <translation>模型 %1 无法使用：%2仍由 %3 回答。</translation>
    </message>
</context>
<context>
    <name>hadal::Store</name>
    <message>
        <source>This profile is read-only, so nothing can be kept.</source>
        <translation>这个配置文件夹是只读的，无法保存任何内容。</translation>
    </message>
    <message>
        <source>The database is closed already.</source>
        <translation>数据库已经关闭。</translation>
    </message>
    <message>
        <source>The database was not opened.</source>
        <translation>数据库没有打开。</translation>
    </message>
</context>
<context>
    <name>hadal::TerminalChat</name>
    <message>
        <source>%1, %2, %3</source>
        <translation>%1，%2，%3</translation>
    </message>
    <message>
        <source>Type a question. /help tells the commands, Ctrl-C stops an answer and ends the chat.</source>
        <translation>请输入问题。/help 列出命令，Ctrl-C 停止回答或结束对话。</translation>
    </message>
    <message>
        <source>A new chat.</source>
        <translation>新对话。</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>没有加载模型。</translation>
    </message>
    <message>
        <source>There is no command %1; /help tells them all.</source>
        <translation>没有 %1 这个命令，/help 会列出全部命令。</translation>
    </message>
    <message>
        <source>(stopped)</source>
        <translation>（已停止）</translation>
    </message>
    <message>
        <source>(%1 tokens, %2 tokens/s)</source>
        <translation>（%1 个词元，%2 词元/秒）</translation>
    </message>
    <message>
        <source>There is no chat yet.</source>
        <translation>还没有对话。</translation>
    </message>
    <message>
        <source>There is no chat with this number; /list shows them.</source>
        <translation>没有这个编号的对话，/list 会列出它们。</translation>
    </message>
    <message>
        <source>(interrupted: Hadal ended before the answer did)</source>
        <translation>（已中断：回答尚未完成，Hadal 就退出了）</translation>
    </message>
    <message>
        <source>The model is set by your administrator.</source>
        <translation>模型由管理员指定。</translation>
    </message>
    <message>
        <source>(thought for %1 s)</source>
        <translation>（思考了 %1 秒）</translation>
    </message>
    <message>
        <source>/new         begin a new chat
/list        list the chats
/open N      go on with chat N of the list
/model PATH  use this GGUF file or model&apos;s folder; without PATH: tell which one is used
/quit        end, as Ctrl-D and Ctrl-C do
Ctrl-C       stop the answer
</source>
        <translation>/new         新建对话
/list        列出对话
/open N      继续列表中的第 N 个对话
/model 路径  使用这个 GGUF 文件或模型文件夹；不写路径则显示当前模型
/quit        退出，Ctrl-D 和 Ctrl-C 也可以
Ctrl-C       停止回答
</translation>
    </message>
</context>
<context>
    <name>hadal::ui::AnswerTurn</name>
    <message>
        <source>Waiting for the model to load</source>
        <translation>正在等待模型加载</translation>
    </message>
    <message>
        <source>Reading the question</source>
        <translation>正在读取问题</translation>
    </message>
    <message>
        <source>Reading the question, %1 %</source>
        <translation>正在读取问题，%1%</translation>
    </message>
    <message numerus="yes">
        <source>%n tokens</source>
        <translation>
            <numerusform>%n 个词元</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 tok/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>first token %1 s</source>
        <translation>首个词元 %1 秒</translation>
    </message>
    <message>
        <source>You stopped this answer.</source>
        <translation>你停止了这个回答。</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Regenerate</source>
        <translation>重新生成</translation>
    </message>
    <message>
        <source>Hadal ended before this answer was complete.</source>
        <translation>回答尚未完成，Hadal 就退出了。</translation>
    </message>
    <message>
        <source>This answer failed.</source>
        <translation>这个回答没有成功。</translation>
    </message>
    <message>
        <source>Change the context</source>
        <translation>调整上下文</translation>
    </message>
    <message>
        <source>Ask in a new chat</source>
        <translation>在新对话中提问</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Choose another model</source>
        <translation>选择其他模型</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Edit the question</source>
        <translation>编辑问题</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Answer by %1</source>
        <translation>%1 的回答</translation>
    </message>
</context>
<context>
    <name>hadal::ui::BranchSwitch</name>
    <message>
        <source>Previous version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>Version %1 of %2</source>
        <translation>第 %1 个版本，共 %2 个</translation>
    </message>
</context>
<context>
    <name>hadal::ui::ChatHeader</name>
    <message>
        <source>Show the list of chats</source>
        <translation>显示对话列表</translation>
    </message>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
</context>
<context>
    <name>hadal::ui::ChatPane</name>
    <message>
        <source>This question takes %L1 tokens; the context holds %L2.</source>
        <translation>这个问题共 %L1 个词元，而上下文只能容纳 %L2 个。</translation>
    </message>
    <message>
        <source>Nothing can be asked in this profile</source>
        <translation>在这个配置文件夹中无法提问</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>“%1” is not asked yet; the composer keeps your draft.</source>
        <translation>“%1”尚未提问，输入框里保留着你的草稿。</translation>
    </message>
    <message>
        <source>Esc stops the answer</source>
        <translation>按 Esc 停止回答</translation>
    </message>
    <message>
        <source>Ask it now</source>
        <translation>立即提问</translation>
    </message>
    <message>
        <source>Use it instead</source>
        <translation>改用这个问题</translation>
    </message>
    <message>
        <source>Your draft “%1” was put aside.</source>
        <translation>你的草稿“%1”已放到一旁。</translation>
    </message>
    <message>
        <source>Bring it back</source>
        <translation>取回草稿</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>“%1” was deleted.</source>
        <translation>已删除“%1”。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Choose another model</source>
        <translation>选择其他模型</translation>
    </message>
    <message>
        <source>The model is set by your administrator.</source>
        <translation>模型由管理员设定。</translation>
    </message>
    <message>
        <source>This question and the chat before it take %L1 tokens; the context holds %L2.</source>
        <translation>这个问题连同之前的对话共 %L1 个词元，而上下文只能容纳 %L2 个。</translation>
    </message>
    <message>
        <source>Ask in a new chat</source>
        <translation>在新对话中提问</translation>
    </message>
    <message>
        <source>Change the context</source>
        <translation>调整上下文</translation>
    </message>
    <message>
        <source>“%1” has a new name.</source>
        <translation>已重命名“%1”。</translation>
    </message>
    <message>
        <source>%1 brings no chat template that can be used, so Hadal's own “%2” stands in. If its answers look odd, get a newer copy of this model.</source>
        <translation>%1 没有可用的对话模板，因此由 Hadal 自带的“%2”代替。如果回答看起来不对劲，请换用这个模型较新的版本。</translation>
    </message>
    <message>
        <source>Choose a model first, or drop a model here</source>
        <translation>请先选择模型，或把模型拖到这里</translation>
    </message>
    <message>
        <source>Ask on, or drop a model here</source>
        <translation>继续提问，或把模型拖到这里</translation>
    </message>
</context>
<context>
    <name>hadal::ui::CommandPalette</name>
    <message>
        <source>Type a command or the name of a chat</source>
        <translation>输入命令或对话名称</translation>
    </message>
    <message>
        <source>Command palette</source>
        <translation>命令面板</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Actions</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>d MMM</source>
        <comment>day of a chat</comment>
        <translation>M月d日</translation>
    </message>
    <message>
        <source>Recent chats</source>
        <translation>最近的对话</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Nothing is called that</source>
        <translation>没有匹配的项目</translation>
    </message>
    <message>
        <source>Esc</source>
        <comment>key cap</comment>
        <translation>Esc</translation>
    </message>
</context>
<context>
    <name>hadal::ui::Composer</name>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Choose another model</source>
        <translation>选择其他模型</translation>
    </message>
    <message>
        <source>loading %1 %</source>
        <translation>加载中 %1%</translation>
    </message>
    <message>
        <source>Model: %1</source>
        <translation>模型：%1</translation>
    </message>
    <message>
        <source>Context: %1 of %2 tokens used</source>
        <translation>上下文：已用 %1 / %2 个词元</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Ask anything, or drop a model here</source>
        <translation>随便问点什么，或把模型拖到这里</translation>
    </message>
</context>
<context>
    <name>hadal::ui::ConversationDelegate</name>
    <message>
        <source>Name of the chat</source>
        <translation>对话名称</translation>
    </message>
</context>
<context>
    <name>hadal::ui::ConversationModel</name>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>过去 7 天</translation>
    </message>
    <message>
        <source>MMMM yyyy</source>
        <comment>month heading of the list</comment>
        <translation>yyyy年M月</translation>
    </message>
    <message>
        <source>d MMM</source>
        <comment>day in the list</comment>
        <translation>M月d日</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Titles</source>
        <translation>标题</translation>
    </message>
    <message>
        <source>In messages</source>
        <translation>消息内容</translation>
    </message>
    <message>
        <source>%1, group</source>
        <translation>%1，分组</translation>
    </message>
</context>
<context>
    <name>hadal::ui::ConversationPanel</name>
    <message>
        <source>Search chats</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Move to folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>No folder</source>
        <translation>不放入文件夹</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Rename the folder</source>
        <translation>重命名文件夹</translation>
    </message>
    <message>
        <source>Remove the folder, keep its chats</source>
        <translation>移除文件夹，保留其中的对话</translation>
    </message>
</context>
<context>
    <name>hadal::ui::EmptyState</name>
    <message>
        <source>What can I ask?</source>
        <translation>可以问些什么？</translation>
    </message>
    <message>
        <source>Questions, drafts and code. Everything stays on this machine.</source>
        <translation>提问、起草、写代码，一切都留在这台电脑上。</translation>
    </message>
    <message>
        <source>Explain a stack trace and where to look first</source>
        <translation>解释一段调用栈，先看哪里</translation>
    </message>
    <message>
        <source>Then paste the log</source>
        <translation>接着粘贴日志</translation>
    </message>
    <message>
        <source>Explain this stack trace and where to look first:

</source>
        <translation>请解释这段调用栈，并说明应该先看哪里：

</translation>
    </message>
    <message>
        <source>Turn meeting notes into decisions and tasks</source>
        <translation>把会议记录&#x200b;整理成结论和待办</translation>
    </message>
    <message>
        <source>Then paste the notes</source>
        <translation>接着粘贴记录</translation>
    </message>
    <message>
        <source>Turn these meeting notes into decisions and tasks:

</source>
        <translation>请把这份会议记录整理成结论和待办事项：

</translation>
    </message>
    <message>
        <source>Write a script that renames photos by date</source>
        <translation>写一个脚本，按日期重命名照片</translation>
    </message>
    <message>
        <source>Every step explained</source>
        <translation>每一步都有说明</translation>
    </message>
    <message>
        <source>Write a Python script that renames the photos of a folder by the date they were taken. Explain every step.</source>
        <translation>写一个 Python 脚本，按拍摄日期重命名文件夹里的照片，并解释每一步。</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>There is no model yet. Choose a GGUF file or a model&apos;s folder, or drop it onto this window.</source>
        <translation>还没有模型。请选择一个 GGUF 文件或模型文件夹，或把它拖到窗口里。</translation>
    </message>
    <message>
        <source>Only the small starter model is here; a larger model answers better.</source>
        <translation>目前只有小型入门模型，换用更大的模型回答会更好。</translation>
    </message>
</context>
<context>
    <name>hadal::ui::FindBar</name>
    <message>
        <source>Not found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Previous match</source>
        <translation>上一个匹配</translation>
    </message>
    <message>
        <source>Next match</source>
        <translation>下一个匹配</translation>
    </message>
    <message>
        <source>Close the search</source>
        <translation>关闭查找</translation>
    </message>
</context>
<context>
    <name>hadal::ui::MainWindow</name>
    <message>
        <source>Bring the deleted chat back</source>
        <translation>恢复已删除的对话</translation>
    </message>
    <message>
        <source>Loading model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>Show chat</source>
        <translation>显示对话</translation>
    </message>
    <message>
        <source>Command palette</source>
        <translation>命令面板</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Switch between light and dark</source>
        <translation>切换浅色与深色</translation>
    </message>
    <message>
        <source>Switch between English and Chinese</source>
        <translation>切换中文与英文</translation>
    </message>
    <message>
        <source>Choose a model file</source>
        <translation>选择模型文件</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>卸载模型</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Search all chats</source>
        <translation>搜索所有对话</translation>
    </message>
    <message>
        <source>Stop the answer</source>
        <translation>停止回答</translation>
    </message>
    <message>
        <source>Regenerate the last answer</source>
        <translation>重新生成上一个回答</translation>
    </message>
    <message>
        <source>Rename this chat</source>
        <translation>重命名此对话</translation>
    </message>
    <message>
        <source>Pin or unpin this chat</source>
        <translation>置顶或取消置顶此对话</translation>
    </message>
    <message>
        <source>Copy this chat as Markdown</source>
        <translation>将此对话复制为 Markdown</translation>
    </message>
    <message>
        <source>Delete this chat</source>
        <translation>删除此对话</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Choose a model&apos;s folder</source>
        <translation>选择模型文件夹</translation>
    </message>
    <message>
        <source>Show the experts</source>
        <translation>查看专家</translation>
    </message>
</context>
<context>
    <name>hadal::ui::MarkdownView</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>Open in the browser</source>
        <translation>在浏览器中打开</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>复制链接地址</translation>
    </message>
    <message>
        <source>This picture is not loaded: %1</source>
        <translation>此图片未加载：%1</translation>
    </message>
</context>
<context>
    <name>hadal::ui::Notice</name>
    <message>
        <source>Notice</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>hadal::ui::SettingRow</name>
    <message>
        <source>Less</source>
        <translation>减少</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>None chosen</source>
        <translation>未选择</translation>
    </message>
    <message>
        <source>Show folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Recommended by your administrator</source>
        <translation>由管理员推荐</translation>
    </message>
    <message>
        <source>As your administrator recommends</source>
        <translation>采用管理员推荐的值</translation>
    </message>
    <message>
        <source>Set by your administrator</source>
        <translation>由管理员设定</translation>
    </message>
    <message>
        <source>As the model's makers say</source>
        <translation>按模型作者的建议</translation>
    </message>
    <message>
        <source>Choose...</source>
        <translation>选择…</translation>
    </message>
</context>
<context>
    <name>hadal::ui::SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>As the makers of %1 say.</source>
        <translation>按 %1 作者的建议。</translation>
    </message>
    <message>
        <source>The makers of %1 advise against one.</source>
        <translation>%1 的作者建议不要设置。</translation>
    </message>
</context>
<context>
    <name>hadal::ui::StatusLine</name>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>没有模型</translation>
    </message>
    <message>
        <source>Model not loaded</source>
        <translation>模型未加载</translation>
    </message>
    <message>
        <source>Loading %1</source>
        <translation>正在加载 %1</translation>
    </message>
    <message>
        <source>Context %1</source>
        <translation>上下文 %1</translation>
    </message>
    <message>
        <source>Context %1 / %2</source>
        <translation>上下文 %1 / %2</translation>
    </message>
    <message>
        <source>%1 tok/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>正在读取</translation>
    </message>
    <message>
        <source>Idle</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>Memory %1</source>
        <translation>内存 %1</translation>
    </message>
    <message>
        <source> %</source>
        <comment>after a figure</comment>
        <translation>%</translation>
    </message>
    <message numerus="yes">
        <source>CPU, %n threads, %1</source>
        <translation>
            <numerusform>CPU，%n 线程，%1</numerusform>
        </translation>
    </message>
    <message>
        <source>Chat template: Hadal's own “%1”</source>
        <translation>对话模板：Hadal 自带的“%1”</translation>
    </message>
    <message>
        <source>Chat template: the model's own</source>
        <translation>对话模板：模型自带</translation>
    </message>
    <message>
        <source>As measured on this machine, %L1 threads read prompts and %L2 write answers.</source>
        <translation>按本机实测，读取提示使用 %L1 个线程，写出回答使用 %L2 个线程。</translation>
    </message>
</context>
<context>
    <name>hadal::ui::TranscriptView</name>
    <message>
        <source>To the end</source>
        <translation>回到底部</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话内容</translation>
    </message>
</context>
<context>
    <name>hadal::ui::UserTurn</name>
    <message>
        <source>Your question</source>
        <translation>你的问题</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Ask again</source>
        <translation>重新提问</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>hadal::ui::Thoughts</name>
    <message>
        <source>Thought for %1 s</source>
        <translation>思考了 %1 秒</translation>
    </message>
    <message>
        <source>Thinking… %1 s</source>
        <translation>正在思考… %1 秒</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>正在思考…</translation>
    </message>
    <message>
        <source>Hide the thoughts</source>
        <translation>收起思考过程</translation>
    </message>
    <message>
        <source>Show the thoughts</source>
        <translation>展开思考过程</translation>
    </message>
    <message>
        <source>Answer now</source>
        <translation>立即回答</translation>
    </message>
    <message>
        <source>Ends the thinking; the answer comes next</source>
        <translation>结束思考，接着给出回答</translation>
    </message>
    <message>
        <source>Thoughts</source>
        <translation>思考过程</translation>
    </message>
</context>
<context>
    <name>ModelPath</name>
    <message numerus="yes">
        <source>The folder %1 holds %n GGUF files. Choose one of them.</source>
        <translation>
            <numerusform>文件夹 %1 里有 %n 个 GGUF 文件，请选择其中一个。</numerusform>
        </translation>
    </message>
    <message>
        <source>The folder %1 holds no model: neither a GGUF file nor a config.json with safetensors files beside it, as Hugging Face publishes models.</source>
        <translation>文件夹 %1 里没有模型：既没有 GGUF 文件，也没有 Hugging Face 发布形式的 config.json 和 safetensors 文件。</translation>
    </message>
    <message>
        <source>The folder %1 holds its weights in a form that runs code when it is read. Get the model as safetensors or as a GGUF file.</source>
        <translation>文件夹 %1 里的权重是读取时会执行代码的格式。请改用 safetensors 或 GGUF 格式的模型。</translation>
    </message>
    <message>
        <source>The folder %1 holds a config.json, but no safetensors files: the model&apos;s weights are missing. Download them as well.</source>
        <translation>文件夹 %1 里有 config.json，但没有 safetensors 文件：缺少模型的权重，请一并下载。</translation>
    </message>
</context>
<context>
    <name>hadal::ui::ExpertsPage</name>
    <message>
        <source>Experts</source>
        <translation>专家</translation>
    </message>
    <message>
        <source>Back to the chat</source>
        <translation>返回对话</translation>
    </message>
    <message>
        <source>How often each expert was chosen: layers down, experts across</source>
        <translation>每个专家被选中的频率：纵向为层，横向为专家</translation>
    </message>
    <message>
        <source>Map of the experts</source>
        <translation>专家分布图</translation>
    </message>
    <message>
        <source>never</source>
        <translation>从未</translation>
    </message>
    <message>
        <source>%1 is a mixture of experts: in each layer a router sends every token to %2 of %3 experts, and the others rest. This is which ones your questions and their answers have asked since it was loaded.</source>
        <translation>%1 是混合专家模型：每一层由路由器把每个词元交给 %3 个专家中的 %2 个，其余专家休息。这里显示自加载以来，您的问题和回答用到了哪些专家。</translation>
    </message>
    <message>
        <source>Nothing was asked yet. Ask something in the chat, and the map fills.</source>
        <translation>还没有提过问题。在对话中提问后，这里会显示分布图。</translation>
    </message>
    <message>
        <source>%1 has no experts: every token goes through all of it.</source>
        <translation>%1 没有专家：每个词元都经过整个模型。</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>没有加载模型。</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>Read or written since the model was loaded.</source>
        <translation>自模型加载以来读取或写出的词元数。</translation>
    </message>
    <message>
        <source>%1 ×</source>
        <comment>times the mean</comment>
        <translation>%1 倍</translation>
    </message>
    <message>
        <source>Busiest expert</source>
        <translation>最忙的专家</translation>
    </message>
    <message>
        <source>How often a layer&apos;s busiest expert was chosen, as a multiple of the mean. 1 is even.</source>
        <translation>一层中最忙的专家被选中的次数，以平均值的倍数表示。1 表示均匀。</translation>
    </message>
    <message>
        <source>Variation</source>
        <translation>离散程度</translation>
    </message>
    <message>
        <source>Standard deviation of the experts&apos; loads over their mean. 0 is even.</source>
        <translation>各专家负载的标准差与平均值之比。0 表示均匀。</translation>
    </message>
    <message>
        <source>Evenness</source>
        <translation>均匀度</translation>
    </message>
    <message>
        <source>Entropy of the experts&apos; shares. 1 is even, 0 is one expert for everything.</source>
        <translation>各专家份额的熵。1 表示均匀，0 表示全部由一个专家处理。</translation>
    </message>
    <message>
        <source>%1 × the mean</source>
        <translation>平均值的 %1 倍</translation>
    </message>
    <message>
        <source>Layer %1, expert %2: %3 % of the tokens, mean weight %4</source>
        <translation>第 %1 层，专家 %2：%3 % 的词元，平均权重 %4</translation>
    </message>
</context>
</TS>
