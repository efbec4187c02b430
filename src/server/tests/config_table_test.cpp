#include "server/config_table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "../edit_distance.h"
#include "configuration_fixture.h"

namespace chatbox::server {
namespace {

// --- the table
// --------------------------------------------------------------------------------------------------

TEST(SettingsTable, HasNoNameTwice) {
    std::set<std::string> names;
    for (const std::string& name : known_env_names()) EXPECT_TRUE(names.insert(name).second) << name;
    for (const std::string& key : known_toml_keys()) EXPECT_TRUE(names.insert(key).second) << key;
}

// Manifests and files of the original must go on working.
constexpr const char* variables_of_the_original = R"(
ADMIN_EMAILS ADMIN_PANEL_URL ADMIN_PHONES ADMIN_RATE_LIMIT ADMIN_RATE_WINDOW AWS_ACCESS_KEY_ID
AWS_SECRET_ACCESS_KEY AWS_SES_ACCESS_KEY_ID AWS_SES_SECRET_ACCESS_KEY CHATBOX_ALLOWED_ORIGINS
CHATBOX_PATH_PREFIX CORS_ALLOWED_ORIGINS EMAIL_FROM EMAIL_FROM_NAME EMAIL_REPLY_TO
ENABLE_ADMIN_TAKEOVER ENABLE_FILE_UPLOADS ENABLE_HELP_REQUESTS ENABLE_METRICS ENABLE_VOICE_MESSAGES
ENCRYPTION_KEY JWT_SECRET K8S_CONFIGMAP_NAME K8S_ENABLE_PROBE K8S_NAMESPACE K8S_SECRET_NAME
K8S_SERVICE_NAME LLM_STREAM_TIMEOUT LOG_DIR LOG_ERROR_FILE LOG_INFO_FILE LOG_LEVEL
LOG_STANDARD_OUTPUT LOG_WARN_FILE MAX_CONNECTIONS MAX_MESSAGE_SIZE MONGO_COLLECTION
MONGO_CONNECT_TIMEOUT MONGO_DATABASE MONGO_PASSWORD MONGO_RETRY_ATTEMPTS MONGO_RETRY_DELAY
MONGO_RETRY_MAX_DELAY MONGO_SLOW_THRESHOLD MONGO_URI MONGO_USERNAME MONGO_VERBOSE RATE_LIMIT
RATE_LIMIT_CLEANUP_INTERVAL RECONNECT_TIMEOUT RMBASE_FILE_CFG RMBASE_FOLDER_CFG S3_ACCESS_KEY_ID
S3_BUCKET S3_ENDPOINT S3_REGION S3_SECRET_ACCESS_KEY S3_USE_PATH_STYLE SERVER_PORT
SESSION_CLEANUP_INTERVAL SESSION_TTL SES_ACCESS_KEY_ID SES_REGION SES_SECRET_ACCESS_KEY
SHUTDOWN_TIMEOUT SMS_ACCOUNT_SID SMS_API_KEY SMS_AUTH_TOKEN SMS_FROM_NUMBER SMS_PROVIDER SMTP_HOST
SMTP_PASS SMTP_PASSWORD SMTP_PORT SMTP_USER STATIC_PORT TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN
UPLOAD_ENTRY_NAME UPLOAD_MAX_SIZE UPLOAD_PREFIX UPLOAD_SITE UPLOAD_TMP_PATH WS_ALLOWED_ORIGINS
WS_PING_PERIOD WS_PONG_WAIT WS_READ_BUFFER_SIZE WS_WRITE_BUFFER_SIZE WS_WRITE_WAIT LLM_PROVIDER_1_ID
LLM_PROVIDER_1_NAME LLM_PROVIDER_1_TYPE LLM_PROVIDER_1_ENDPOINT LLM_PROVIDER_1_API_KEY
LLM_PROVIDER_1_MODEL LLM_PROVIDER_10_ID LLM_PROVIDER_10_NAME LLM_PROVIDER_10_TYPE
LLM_PROVIDER_10_ENDPOINT LLM_PROVIDER_10_API_KEY LLM_PROVIDER_10_MODEL)";
constexpr const char* keys_of_the_original = R"(
server.port chatbox.path_prefix chatbox.jwt_secret chatbox.allowed_origins
chatbox.cors_allowed_origins chatbox.trusted_proxies chatbox.metrics_allowed_networks
chatbox.admin_rate_limit chatbox.admin_rate_window chatbox.rate_limit chatbox.max_connections
chatbox.max_message_size chatbox.websocket.read_buffer_size chatbox.websocket.write_buffer_size
chatbox.websocket.pong_wait chatbox.websocket.ping_period chatbox.websocket.write_wait
chatbox.reconnect_timeout dbs.chat.uri dbs.chat.database dbs.chat.collection dbs.chat.connectTimeout
dbs.verbose dbs.slowThreshold chatbox.encryption_key chatbox.llm_stream_timeout userupload.site
notification.adminEmails notification.adminPhones notification.adminPanelURL sms.accountSID
sms.authToken sms.fromNumber sms.provider mail.defaultFromName mail.replyToEmail mail.adminEmail
log.dir log.level log.standardOutput kubernetes.namespace kubernetes.serviceName
kubernetes.configMapName kubernetes.secretName kubernetes.enableK8sProbe llm.providers[].id
llm.providers[].name llm.providers[].type llm.providers[].endpoint llm.providers[].apiKey
llm.providers[].model chatbox.llm.providers[].id chatbox.llm.providers[].name
chatbox.llm.providers[].type chatbox.llm.providers[].endpoint chatbox.llm.providers[].apiKey
chatbox.llm.providers[].model connection_sources.s3_providers[].name
connection_sources.s3_providers[].endpoint connection_sources.s3_providers[].key
connection_sources.s3_providers[].pass connection_sources.s3_providers[].region
userupload.types[].entryName userupload.types[].prefix userupload.types[].tmpPath
userupload.types[].maxSize userupload.types[].storage[0].type userupload.types[].storage[0].target
userupload.types[].storage[0].bucket mail.engines.ses[].name mail.engines.ses[].accessKeyId
mail.engines.ses[].secretAccessKey mail.engines.ses[].region mail.engines.ses[].from
mail.engines.ses[].fromName mail.engines.smtp[].name mail.engines.smtp[].host
mail.engines.smtp[].port mail.engines.smtp[].user mail.engines.smtp[].pass mail.engines.smtp[].from
mail.engines.smtp[].fromName mail.engines.mock[].name mail.engines.mock[].verbose)";

TEST(SettingsTable, KnowsEveryNameOfTheOriginal) {
    const auto expect_all = [](const char* names, const std::vector<std::string>& known) {
        std::istringstream words(names);
        for (std::string name; words >> name;) EXPECT_EQ(std::ranges::count(known, name), 1) << name;
    };
    expect_all(variables_of_the_original, known_env_names());
    expect_all(keys_of_the_original, known_toml_keys());
}

TEST(SettingsTable, HasNoPlaceTwice) {
    Config config;
    std::set<const void*> places;
    for (const Setting& setting : settings()) {
        const void* place = std::visit([](auto* p) -> const void* { return p; }, setting.slot(config));
        EXPECT_TRUE(places.insert(place).second) << setting.name();
    }
}

TEST(SettingsTable, HasDefaultsThatAreWithinTheirOwnRange) {
    Config config;
    for (const Setting& setting : settings()) {
        if (setting.name() == "CHATBOX_THREADS") continue;  // 0 stands for the cores
        const auto within = [&](auto value) {
            return static_cast<std::int64_t>(value) >= setting.rule.min &&
                   static_cast<std::int64_t>(value) <= setting.rule.max;
        };
        const Slot slot = setting.slot(config);
        if (const auto* n = std::get_if<std::size_t*>(&slot)) {
            EXPECT_TRUE(within(**n)) << setting.name();
        }
        if (const auto* n = std::get_if<std::uint16_t*>(&slot)) {
            EXPECT_TRUE(within(**n)) << setting.name();
        }
        if (const auto* d = std::get_if<Millis*>(&slot)) {
            EXPECT_TRUE(within((*d)->count())) << setting.name();
        }
        if (const auto* d = std::get_if<double*>(&slot)) {
            EXPECT_TRUE(within(**d)) << setting.name();
        }
    }
}

TEST(SettingsTable, ExplainsEverySettingInOneLine) {
    for (const Setting& setting : settings()) {
        EXPECT_FALSE(setting.help.empty()) << setting.name();
        EXPECT_EQ(setting.help.find_first_of("\n|"), std::string_view::npos) << setting.name();
    }
}

std::string text_of_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(SettingsTable, IsWhatTheDocumentShows) {
    EXPECT_TRUE(text_of_file(CHATBOX_DOCUMENT) == configuration_document())
        << "docs/configuration.md is not of this table; make it with: chatbox docs configuration > "
           "docs/configuration.md";
}

TEST(SettingsTable, HasWhatTheReadmeSpeaksOf) {
    const std::filesystem::path document_path(CHATBOX_DOCUMENT);
    const std::string readme = text_of_file(document_path.parent_path().parent_path() / "README.md");
    const std::vector<std::string> known = known_env_names();
    const std::string document = configuration_document();
    const std::regex variable("[A-Z][A-Z0-9]*(_[A-Z0-9]+)+");
    std::size_t found = 0;
    for (std::sregex_iterator it(readme.begin(), readme.end(), variable), end; it != end; ++it, ++found) {
        const std::string name = it->str();
        EXPECT_TRUE(std::ranges::count(known, name) != 0 || document.find('`' + name + '`') != document.npos)
            << name;
    }
    EXPECT_GT(found, 0u);
}

// --- misspelt names
// ---------------------------------------------------------------------------------------------

TEST_F(Configuration, WarnsOfAnUnknownKeyWithTheNearestOne) {
    toml("[server]\nprot = 1\n[chatbox]\njwt_secrte = 'x'\n[[llm.providers]]\ntype='demo'\nkey='x'\n");
    EXPECT_NE(warning("server.prot").find("server.port"), std::string::npos);
    EXPECT_NE(warning("server.prot").find("c.toml:2:8"), std::string::npos);
    EXPECT_NE(warning("chatbox.jwt_secrte").find("chatbox.jwt_secret"), std::string::npos);
    EXPECT_NE(warning("llm.providers[0].key").find("llm.providers[]."), std::string::npos);
}

TEST_F(Configuration, FindsAKeyThatStandsUnderTheWrongHeading) {
    toml("jwt_secret = 'x'\n[server]\npath_prefix = '/x'\n");
    EXPECT_NE(warning("jwt_secret").find("chatbox.jwt_secret"), std::string::npos);
    EXPECT_NE(warning("server.path_prefix").find("chatbox.path_prefix"), std::string::npos);
}

TEST_F(Configuration, WarnsOfAMisspeltVariableOfOurs) {
    set("CHATBOX_THREDS", "2");
    set("LLM_PROVIDER_1_APIKEY", "x");
    set("PATH", "/bin");
    set("CHATBOX_SERVICE_HOST", "10.0.0.1");  // Kubernetes makes these
    EXPECT_NE(warning("CHATBOX_THREDS").find("CHATBOX_THREADS"), std::string::npos);
    EXPECT_NE(warning("LLM_PROVIDER_1_APIKEY").find("LLM_PROVIDER_1_API_KEY"), std::string::npos);
    EXPECT_EQ(warning("PATH"), "");
    EXPECT_EQ(warning("CHATBOX_SERVICE_HOST"), "");
}

TEST(EditDistance, CountsWhatMustBeChanged) {
    EXPECT_EQ(edit_distance("", ""), 0u);
    EXPECT_EQ(edit_distance("abc", ""), 3u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
    EXPECT_EQ(edit_distance("port", "prot"), 2u);
}

}  // namespace
}  // namespace chatbox::server
