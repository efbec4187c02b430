// Settings of what the chat does: conversations, models, the data folder, switches.
#include "config_table_parts.h"

namespace chatbox::server {

using namespace std::chrono_literals;

namespace {

using C = Config;

std::vector<Setting> conversation_settings() {
    return {
        {.section = "Conversation",
         .env = {"CHATBOX_HISTORY_MESSAGES"},
         .toml = {"chatbox.history_messages"},
         .slot = at<&C::chat, &C::Chat::history_messages>,
         .rule = whole(1, 100'000),
         .help = "Messages of a conversation that the model is given, the newest ones"},
        {.section = "Conversation",
         .env = {"CHATBOX_HISTORY_BYTES"},
         .toml = {"chatbox.history_bytes"},
         .slot = at<&C::chat, &C::Chat::history_bytes>,
         .rule = bytes(1024, 1LL << 30),
         .help = "Text of those messages, together"},
        {.section = "Conversation",
         .env = {"CHATBOX_MAX_ANSWER_BYTES"},
         .toml = {"chatbox.max_answer_bytes"},
         .slot = at<&C::chat, &C::Chat::max_answer_bytes>,
         .rule = bytes(1024, 1LL << 30),
         .help = "Longest answer; a longer one is ended as failed and kept as far as it came"},
        {.section = "Conversation",
         .env = {"CHATBOX_CHECKPOINT_INTERVAL"},
         .toml = {"chatbox.checkpoint_interval"},
         .slot = at<&C::chat, &C::Chat::checkpoint_interval>,
         .rule = duration(10ms, 1min),
         .help = "How often the text of a running answer is saved"},
        {.section = "Conversation",
         .env = {"CHATBOX_LLM_SYSTEM_PROMPT"},
         .toml = {"chatbox.llm_system_prompt"},
         .slot = at<&C::chat, &C::Chat::system_prompt>,
         .help = "Instruction that every conversation begins with",
         .default_text = "none"},
        {.section = "Conversation",
         .env = {"RECONNECT_TIMEOUT"},
         .toml = {"chatbox.reconnect_timeout"},
         .slot = at<&C::chat, &C::Chat::reconnect_timeout>,
         .rule = duration(1s, 365 * 24h),
         .help = "How long a conversation without a connection may be taken up again; then it is ended, as "
                 "of its last "
                 "activity, and the next message begins a new one"},
        {.section = "Conversation",
         .env = {"SESSION_TTL"},
         .toml = {"chatbox.session_ttl"},
         .slot = at<&C::chat, &C::Chat::session_ttl>,
         .rule = duration(1s, 365 * 24h),
         .effect = Effect::never,
         .help = "Conversations leave memory by themselves and stay on disk"},
        {.section = "Conversation",
         .env = {"SESSION_CLEANUP_INTERVAL"},
         .toml = {"chatbox.session_cleanup_interval"},
         .slot = at<&C::chat, &C::Chat::session_cleanup_interval>,
         .rule = duration(1s, 24h),
         .help = "How often conversations that nobody has taken up again are looked for"},
    };
}

std::vector<Setting> model_settings() {
    return {
        {.section = "Models",
         .env = {"LLM_STREAM_TIMEOUT"},
         .toml = {"chatbox.llm_stream_timeout"},
         .slot = at<&C::llm, &C::Llm::stream_timeout>,
         .rule = duration(100ms, 24h),
         .help = "Longest time for a whole answer"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_CONNECT_TIMEOUT"},
         .toml = {"chatbox.llm_connect_timeout"},
         .slot = at<&C::llm, &C::Llm::connect_timeout>,
         .rule = duration(10ms, 1h),
         .help = "Longest time to reach the model: name look-up, TCP, TLS"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_FIRST_TOKEN_TIMEOUT"},
         .toml = {"chatbox.llm_first_token_timeout"},
         .slot = at<&C::llm, &C::Llm::first_token_timeout>,
         .rule = duration(10ms, 24h),
         .help = "Longest time until an answer begins"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_SILENCE_TIMEOUT"},
         .toml = {"chatbox.llm_silence_timeout"},
         .slot = at<&C::llm, &C::Llm::silence_timeout>,
         .rule = duration(10ms, 24h),
         .help = "Longest pause in an answer"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_RETRY_ATTEMPTS"},
         .toml = {"chatbox.llm_retry_attempts"},
         .slot = at<&C::llm, &C::Llm::retry_attempts>,
         .rule = whole(1, 10),
         .help =
             "How often one model is asked for one answer when it cannot be reached, is overloaded or fails "
             "(408, 429, 5xx), before the first piece of text"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_RETRY_DELAY"},
         .toml = {"chatbox.llm_retry_delay"},
         .slot = at<&C::llm, &C::Llm::retry_delay>,
         .rule = duration(0ms, 1h),
         .help = "Wait before the second attempt; doubles, and is spread by a quarter"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_RETRY_MAX_DELAY"},
         .toml = {"chatbox.llm_retry_max_delay"},
         .slot = at<&C::llm, &C::Llm::retry_max_delay>,
         .rule = duration(0ms, 1h),
         .help = "Longest such wait"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_RETRY_AFTER_MAX"},
         .toml = {"chatbox.llm_retry_after_max"},
         .slot = at<&C::llm, &C::Llm::retry_after_max>,
         .rule = duration(0ms, 1h),
         .help =
             "Longest wait that a vendor may ask for (`Retry-After`); beyond it the next model is asked, or "
             "the answer fails"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_BREAKER_FAILURES"},
         .toml = {"chatbox.llm_breaker_failures"},
         .slot = at<&C::llm, &C::Llm::breaker_failures>,
         .rule = whole(0, 1'000'000),
         .help = "Failures in a row after which an endpoint is left alone for a while; 0: never"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_BREAKER_PAUSE"},
         .toml = {"chatbox.llm_breaker_pause"},
         .slot = at<&C::llm, &C::Llm::breaker_pause>,
         .rule = duration(10ms, 24h),
         .help = "How long, before one request may try it again"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_DRAIN_BYTES"},
         .toml = {"chatbox.llm_drain_bytes"},
         .slot = at<&C::llm, &C::Llm::drain_bytes>,
         .rule = bytes(0, 1LL << 30),
         .help = "How much of an answer that was stopped is still read for the vendor's count of tokens; 0: "
                 "nothing"},
        {.section = "Models",
         .env = {"CHATBOX_LLM_DRAIN_TIMEOUT"},
         .toml = {"chatbox.llm_drain_timeout"},
         .slot = at<&C::llm, &C::Llm::drain_timeout>,
         .rule = duration(0ms, 1h),
         .help = "How long"},
        {.section = "Models",
         .env = {"CHATBOX_INTERNAL_HOSTS"},
         .toml = {"chatbox.internal_hosts"},
         .slot = at<&C::llm, &C::Llm::internal_hosts>,
         .rule = any_list(),
         .help =
             "Hosts, names or IP addresses, that may be reached over `http` and may have a private address. "
             "Endpoints at loopback and private IP addresses, at names without a dot and under `.local`, "
             "`.internal`, `.svc` and `.cluster.local` may in any case; every other name must lead to a "
             "public address, which is checked at each connection"},
        {.section = "Models",
         .env = {"CHATBOX_DEMO_TOKENS_PER_SECOND"},
         .toml = {"chatbox.demo_tokens_per_second"},
         .slot = at<&C::llm, &C::Llm::demo_tokens_per_second>,
         .rule = {.kind = Kind::decimal, .min = 1, .max = 1'000'000},
         .help = "Speed of the built-in demo model"},
    };
}

std::vector<Setting> outbound_settings() {
    using O = C::Outbound;
    const std::string_view s = "Proxies";
    return {
        {.section = s,
         .env = {"https_proxy", "HTTPS_PROXY"},
         .toml = {"outbound.https_proxy"},
         .slot = at<&C::outbound, &O::https_proxy>,
         .rule = secret_text(),
         .help =
             "Proxy for requests over `https`, as `http://host:port`. A proxy is never used for loopback"},
        {.section = s,
         .env = {"http_proxy"},
         .toml = {"outbound.http_proxy"},
         .slot = at<&C::outbound, &O::http_proxy>,
         .rule = secret_text(),
         .help = "Proxy for requests over `http`"},
        {.section = s,
         .env = {"all_proxy", "ALL_PROXY"},
         .toml = {"outbound.all_proxy"},
         .slot = at<&C::outbound, &O::all_proxy>,
         .rule = secret_text(),
         .help = "Proxy for both, where there is no other"},
        {.section = s,
         .env = {"no_proxy", "NO_PROXY"},
         .toml = {"outbound.no_proxy"},
         .slot = at<&C::outbound, &O::no_proxy>,
         .rule = any_list(),
         .help = "Hosts that are reached directly: names (and what ends in them), IP addresses, or `*`"},
    };
}

std::vector<Setting> storage_settings() {
    return {
        {.section = "Storage",
         .env = {"CHATBOX_DATA_DIR"},
         .toml = {"chatbox.data_dir"},
         .slot = at<&C::storage, &C::Storage::data_dir>,
         .help = "Folder of the database, made if missing"},
        {.section = "Storage",
         .env = {"ENCRYPTION_KEY"},
         .toml = {"chatbox.encryption_key"},
         .slot = at<&C::storage, &C::Storage::encryption_key>,
         .rule = {.kind = Kind::key, .secrecy = Secrecy::secret},
         .effect = Effect::later,
         .help = "Key that encrypts what is stored: exactly 32 bytes (`openssl rand -hex 16`), or `hex:` and "
                 "64 digits, or "
                 "`base64:` and the encoding of 32 bytes",
         .default_text = "none"},
    };
}

std::vector<Setting> switch_settings() {
    const auto feature = [](std::string_view env, std::string_view toml, Slot (*slot)(Config&),
                            std::string_view help) {
        return Setting{.section = "Switches",
                       .env = {env},
                       .toml = {toml},
                       .slot = slot,
                       .rule = yes_or_no(),
                       .effect = Effect::later,
                       .help = help};
    };
    const auto name = [](std::string_view env, std::string_view toml, Slot (*slot)(Config&), ValueRule rule) {
        return Setting{.section = "Kubernetes",
                       .env = {env},
                       .toml = {toml},
                       .slot = slot,
                       .rule = std::move(rule),
                       .effect = Effect::never,
                       .help = "Accepted because manifests set it"};
    };
    using F = C::Features;
    using K = C::Kubernetes;
    return {
        feature("ENABLE_VOICE_MESSAGES", "features.voice_messages", at<&C::features, &F::voice_messages>,
                "Voice messages"),
        feature("ENABLE_FILE_UPLOADS", "features.file_uploads", at<&C::features, &F::file_uploads>,
                "File uploads"),
        feature("ENABLE_ADMIN_TAKEOVER", "features.admin_takeover", at<&C::features, &F::admin_takeover>,
                "Taking over a conversation"),
        feature("ENABLE_HELP_REQUESTS", "features.help_requests", at<&C::features, &F::help_requests>,
                "Asking for a person"),
        feature("ENABLE_METRICS", "features.metrics", at<&C::features, &F::metrics>, "Metrics"),
        name("K8S_NAMESPACE", "kubernetes.namespace", at<&C::kubernetes, &K::name_space>, any_text()),
        name("K8S_SERVICE_NAME", "kubernetes.serviceName", at<&C::kubernetes, &K::service_name>, any_text()),
        name("K8S_CONFIGMAP_NAME", "kubernetes.configMapName", at<&C::kubernetes, &K::config_map_name>,
             any_text()),
        name("K8S_SECRET_NAME", "kubernetes.secretName", at<&C::kubernetes, &K::secret_name>, any_text()),
        name("K8S_ENABLE_PROBE", "kubernetes.enableK8sProbe", at<&C::kubernetes, &K::enable_probe>,
             yes_or_no()),
    };
}

}  // namespace

std::vector<Setting> chat_settings() {
    std::vector<Setting> table;
    for (auto* part :
         {conversation_settings, model_settings, outbound_settings, storage_settings, switch_settings}) {
        for (Setting& setting : part()) table.push_back(std::move(setting));
    }
    return table;
}

}  // namespace chatbox::server
