#include <set>
#include <sstream>

#include "../values.h"
#include "configuration_fixture.h"
#include "server/config_table.h"

namespace chatbox::server {
namespace {

using namespace std::chrono_literals;

// --- where a value is from
// --------------------------------------------------------------------------------------

TEST_F(Configuration, HasTheDocumentedDefaults) {
    const Config config = good();
    EXPECT_EQ(config.server.host, "0.0.0.0");
    EXPECT_EQ(config.server.port, 8080);
    EXPECT_EQ(config.server.path_prefix, "/chatbox");
    EXPECT_EQ(config.limits.max_connections, 10'000u);
    EXPECT_EQ(config.limits.max_connections_per_user, 10u);
    EXPECT_EQ(config.limits.rate_limit, 100u);
    EXPECT_EQ(config.limits.rate_window, 1min);
    EXPECT_EQ(config.websocket.max_message_size, 1'048'576u);
    EXPECT_EQ(config.websocket.pong_wait, 60s);
    EXPECT_EQ(config.websocket.ping_period, 54s);
    EXPECT_EQ(config.llm.stream_timeout, 120s);
    EXPECT_EQ(config.chat.reconnect_timeout, 15min);
    EXPECT_EQ(config.server.shutdown_timeout, 30s);
    EXPECT_FALSE(config.storage.encryption_key);
    EXPECT_FALSE(config.development);
    EXPECT_TRUE(config.web.allowed_origins.empty());
    EXPECT_GE(config.server.threads, 1u);
    EXPECT_LE(config.server.threads, 64u);
}

TEST_F(Configuration, PrefersTheCommandLineThenTheEnvironmentThenTheFile) {
    toml("[server]\nport = 1000\n");
    EXPECT_EQ(good().server.port, 1000);
    set("SERVER_PORT", "2000");
    EXPECT_EQ(good().server.port, 2000);
    sources_.command_line["SERVER_PORT"] = "3000";
    EXPECT_EQ(good().server.port, 3000);
}

TEST_F(Configuration, TakesAnEmptyVariableAsNotSet) {
    toml("[server]\nport = 1000\n");
    set("SERVER_PORT", "");
    EXPECT_EQ(good().server.port, 1000);
}

TEST_F(Configuration, TellsWhereEachValueIsFrom) {
    toml("[server]\nport = 1000\n");
    sources_.command_line["CHATBOX_DATA_DIR"] = "/d";
    const Loaded loaded = load();
    EXPECT_EQ(loaded.origins.at("JWT_SECRET"), "env JWT_SECRET");
    EXPECT_EQ(loaded.origins.at("SERVER_PORT"), folder_ / "c.toml:2:8");
    EXPECT_EQ(loaded.origins.at("CHATBOX_DATA_DIR"), "command line");
    EXPECT_FALSE(loaded.origins.contains("RATE_LIMIT"));
}

// A value that is good for the setting and is not its default.
std::string other_value(const Setting& setting) {
    Config defaults;
    switch (setting.rule.kind) {
        case Kind::boolean:
            return show(setting.slot(defaults), setting.rule) == "true" ? "false" : "true";
        case Kind::duration:
            return "3s";
        case Kind::choice:
            return std::string(setting.rule.choices.back());
        case Kind::integer:
        case Kind::decimal:
            return "7";
        case Kind::bytes:
            return "65537";
        case Kind::key:
            return std::string(32, 'k');
        case Kind::text:
        case Kind::list:
            return "value";
    }
    return {};
}

TEST_F(Configuration, ReadsEverySettingUnderEachOfItsNames) {
    const auto expect_read = [](const Setting& setting, const Sources& sources, std::string_view name) {
        Loaded loaded = load_config(sources);
        Config defaults;
        EXPECT_TRUE(loaded.mistakes.empty()) << name;
        EXPECT_TRUE(loaded.origins.contains(std::string(setting.name()))) << name;
        EXPECT_NE(show(setting.slot(loaded.config), setting.rule), show(setting.slot(defaults), setting.rule))
            << name;
    };
    for (const Setting& setting : settings()) {
        const std::string value = other_value(setting);
        for (const std::string_view name : setting.env) {
            Sources sources;
            sources.files = sources_.files;
            sources.environment[std::string(name)] = value;
            expect_read(setting, sources, name);
        }
        for (const std::string_view key : setting.toml) {
            Sources sources;
            sources.files = {folder_.write("one.toml", std::string(key) + " = \"" + value + "\"\n")};
            expect_read(setting, sources, key);
        }
    }
}

TEST_F(Configuration, LaysSeveralFilesOverEachOther) {
    const std::string first = folder_.write("1.toml", "[server]\nport = 1\nhost = '127.0.0.1'\n");
    const std::string second = folder_.write("2.toml", "[server]\nport = 2\n");
    sources_.files = {first, second};
    EXPECT_EQ(good().server.port, 2);
    EXPECT_EQ(good().server.host, "127.0.0.1");
    for (const char* variable : {"CHATBOX_CONFIG", "RMBASE_FILE_CFG"}) {
        sources_.files.clear();
        set(variable, first + " , " + second);
        EXPECT_EQ(good().server.port, 2) << variable;
        set(variable, "");
    }
}

TEST_F(Configuration, TakesTheFilesOfAFolderByName) {
    folder_.write("b.toml", "[server]\nport = 2\n");
    folder_.write("a.toml", "[server]\nport = 1\nhost = '::1'\n");
    folder_.write("c.txt", "not toml at all");
    sources_.files.clear();
    set("RMBASE_FOLDER_CFG", folder_ / "");
    EXPECT_EQ(good().server.port, 2);
    EXPECT_EQ(good().server.host, "::1");
    set("RMBASE_FOLDER_CFG", folder_ / "nowhere");
    EXPECT_NE(mistake("RMBASE_FOLDER_CFG"), "");
}

TEST_F(Configuration, PrefersTheNamedFileToThoseOfTheEnvironment) {
    toml("[server]\nport = 1000\n");
    set("CHATBOX_CONFIG", folder_.write("other.toml", "[server]\nport = 2000\n"));
    set("RMBASE_FILE_CFG", folder_ / "missing.toml");
    EXPECT_EQ(good().server.port, 1000);
    sources_.files.clear();
    EXPECT_EQ(good().server.port, 2000);
}

TEST_F(Configuration, TellsAMissingOrBrokenFileWithItsPlaceAndNothingThatFollowsFromIt) {
    sources_.environment.clear();
    sources_.files = {folder_ / "missing.toml"};
    Loaded loaded = load();
    ASSERT_EQ(loaded.mistakes.size(), 1u);
    EXPECT_EQ(loaded.mistakes[0].setting, "--config");
    EXPECT_NE(loaded.mistakes[0].text.find("missing.toml: cannot be read: No such file"), std::string::npos);

    sources_.files.clear();
    set("RMBASE_FILE_CFG", folder_.write("broken.toml", "[server]\nport = = 1\n"));
    loaded = load();
    ASSERT_EQ(loaded.mistakes.size(), 1u);
    EXPECT_EQ(loaded.mistakes[0].setting, "RMBASE_FILE_CFG");
    EXPECT_NE(loaded.mistakes[0].text.find("broken.toml:2:8: not TOML"), std::string::npos);
}

TEST_F(Configuration, WarnsWhenTwoNamesOfASettingDisagree) {
    set("WS_ALLOWED_ORIGINS", "https://a.example");
    set("CHATBOX_ALLOWED_ORIGINS", "https://b.example");
    EXPECT_EQ(good().web.allowed_origins, std::vector<std::string>{"https://a.example"});
    EXPECT_NE(warning("CHATBOX_ALLOWED_ORIGINS"), "");
    set("CHATBOX_ALLOWED_ORIGINS", "https://a.example");
    EXPECT_EQ(warning("CHATBOX_ALLOWED_ORIGINS"), "");
}

// --- mistakes
// ---------------------------------------------------------------------------------------------------

TEST_F(Configuration, ReportsAllMistakesAtOnce) {
    sources_.environment = {{"SERVER_PORT", "70000"},
                            {"RATE_LIMIT", "many"},
                            {"LLM_STREAM_TIMEOUT", "120"},
                            {"LOG_STANDARD_OUTPUT", "perhaps"},
                            {"JWT_SECRET", "short"},
                            {"ENCRYPTION_KEY", "short"},
                            {"CHATBOX_PATH_PREFIX", "chat"},
                            {"MAX_MESSAGE_SIZE", "0"},
                            {"LLM_PROVIDER_1_TYPE", "oracle"},
                            {"LLM_PROVIDER_3_ENDPOINT", "ftp://x"},
                            {"WS_ALLOWED_ORIGINS", "example.com"},
                            {"MONGO_URI", "mongodb://localhost"}};
    const Loaded loaded = load();
    for (const auto& [name, value] : sources_.environment)
        EXPECT_NE(text_of(loaded.mistakes, name), "") << name;
    std::set<std::string> seen;
    for (const Problem& problem : loaded.mistakes) {
        EXPECT_TRUE(seen.insert(problem.setting).second) << problem.setting << " twice";
        EXPECT_EQ(problem.text.find('\n'), std::string::npos);
    }
}

TEST_F(Configuration, NamesTheFileAndLineOfAMistake) {
    toml("[server]\nport = 'x'\n[chatbox]\npath_prefix = 'chat'\n");
    EXPECT_NE(mistake("SERVER_PORT").find("c.toml:2:8"), std::string::npos);
    EXPECT_NE(mistake("CHATBOX_PATH_PREFIX").find("c.toml:4:15"), std::string::npos);
}

TEST_F(Configuration, NeverShowsASecretOfAnySetting) {
    const std::string telltale = "TELLTALE-change-me";  // refused everywhere
    sources_.environment.clear();
    for (const Setting& setting : settings()) {
        if (setting.rule.secrecy == Secrecy::secret) set(std::string(setting.name()), telltale);
    }
    set("LLM_PROVIDER_1_TYPE", "openai");
    set("LLM_PROVIDER_1_API_KEY", telltale);
    const Loaded loaded = load();
    std::ostringstream text;
    print_config(loaded, text);
    print_mistakes(loaded, text);
    print_warnings(loaded, text);
    EXPECT_EQ(text.str().find("TELLTALE"), std::string::npos);
    for (const Setting& setting : settings()) {
        if (setting.rule.secrecy == Secrecy::open) continue;
        EXPECT_NE(text_of(loaded.mistakes, std::string(setting.name())).find("placeholder"),
                  std::string::npos)
            << setting.name();
    }
    EXPECT_NE(text_of(loaded.mistakes, "LLM_PROVIDER_1_API_KEY").find("placeholder"), std::string::npos);
}

TEST_F(Configuration, PrintsSecretsAsSetAndOtherValuesAsTheyAre) {
    toml("[server]\nport = 1000\n");
    set("LLM_PROVIDER_1_API_KEY", "sk-TELLTALE");
    std::ostringstream text;
    print_config(load(), text);
    EXPECT_EQ(text.str().find(good_secret), std::string::npos);
    EXPECT_EQ(text.str().find("TELLTALE"), std::string::npos);
    EXPECT_NE(text.str().find("JWT_SECRET = (set)  # env JWT_SECRET\n"), std::string::npos);
    EXPECT_NE(text.str().find("SERVER_PORT = 1000  # " + (folder_ / "c.toml") + ":2:8\n"), std::string::npos);
    EXPECT_NE(text.str().find("CHATBOX_OUTBOX_BYTES = 1MiB  # default\n"), std::string::npos);
    EXPECT_NE(text.str().find("LLM_PROVIDER_1_API_KEY = (set)  # env LLM_PROVIDER_1_API_KEY\n"),
              std::string::npos);
    EXPECT_NE(text.str().find("MONGO_URI = (not set)  # default\n"), std::string::npos);
}

TEST_F(Configuration, NeedsASecretAndAModel) {
    sources_.environment.clear();
    EXPECT_NE(mistake("JWT_SECRET").find("required"), std::string::npos);
    EXPECT_NE(mistake("LLM_PROVIDER_1_TYPE").find("no model"), std::string::npos);
}

TEST_F(Configuration, ChecksRangesAtTheirEnds) {
    const auto accepts = [&](const std::string& name, const std::string& value) {
        set(name, value);
        const bool good = mistake(name).empty();
        set(name, "");
        return good;
    };
    EXPECT_TRUE(accepts("SERVER_PORT", "0"));
    EXPECT_TRUE(accepts("SERVER_PORT", "65535"));
    EXPECT_FALSE(accepts("SERVER_PORT", "65536"));
    EXPECT_TRUE(accepts("CHATBOX_THREADS", "1"));
    EXPECT_TRUE(accepts("CHATBOX_THREADS", "64"));
    EXPECT_FALSE(accepts("CHATBOX_THREADS", "0"));
    EXPECT_FALSE(accepts("CHATBOX_THREADS", "65"));
    EXPECT_TRUE(accepts("MAX_MESSAGE_SIZE", "1"));
    EXPECT_FALSE(accepts("MAX_MESSAGE_SIZE", "0"));
    EXPECT_FALSE(accepts("MAX_MESSAGE_SIZE", "-1"));
    EXPECT_FALSE(accepts("RATE_LIMIT", "0"));
    EXPECT_FALSE(accepts("MAX_CONNECTIONS", "0"));
    EXPECT_FALSE(accepts("RECONNECT_TIMEOUT", "0s"));
    EXPECT_FALSE(accepts("SHUTDOWN_TIMEOUT", "0s"));
}

TEST_F(Configuration, PingsMoreOftenThanItLosesPatience) {
    set("WS_PING_PERIOD", "60s");
    EXPECT_NE(mistake("WS_PING_PERIOD"), "");
    set("WS_PONG_WAIT", "61s");
    EXPECT_EQ(mistake("WS_PING_PERIOD"), "");
}

TEST_F(Configuration, WarnsOfASecretThatEndsInALineFeed) {
    set("JWT_SECRET", good_secret + "\n");
    EXPECT_NE(warning("JWT_SECRET"), "");
    EXPECT_EQ(load().config.auth.jwt_secret, good_secret + "\n");
}

TEST_F(Configuration, PutsPrefixAndOriginsIntoTheirNormalForm) {
    set("CHATBOX_PATH_PREFIX", "/help/desk/");
    set("WS_ALLOWED_ORIGINS", "HTTPS://Www.Example.com:443, http://localhost:3000");
    EXPECT_EQ(good().server.path_prefix, "/help/desk");
    EXPECT_EQ(good().web.allowed_origins,
              (std::vector<std::string>{"https://www.example.com", "http://localhost:3000"}));
    set("CHATBOX_PATH_PREFIX", "/");
    EXPECT_EQ(good().server.path_prefix, "");
}

TEST_F(Configuration, RefusesAnEmptyPrefixFromAFile) {
    toml("[chatbox]\npath_prefix = ''\n");
    EXPECT_NE(mistake("CHATBOX_PATH_PREFIX").find("empty"), std::string::npos);
}

TEST_F(Configuration, LetsAnEmptyListInAFileMeanNobody) {
    toml("[chatbox]\ntrusted_proxies = []\nmetrics_allowed_networks = ''\n");
    EXPECT_TRUE(good().web.trusted_proxies.empty());
    EXPECT_TRUE(good().web.metrics_allowed_networks.empty());
}

TEST_F(Configuration, AcceptsAnyOriginForCorsButNotForWebSockets) {
    set("CORS_ALLOWED_ORIGINS", "*");
    EXPECT_EQ(mistake("CORS_ALLOWED_ORIGINS"), "");
    set("WS_ALLOWED_ORIGINS", "*");
    EXPECT_NE(mistake("WS_ALLOWED_ORIGINS"), "");
}

TEST_F(Configuration, WantsOriginsNamedWhereThatIsAskedFor) {
    set("CHATBOX_REQUIRE_ORIGINS", "true");
    EXPECT_NE(mistake("WS_ALLOWED_ORIGINS"), "");
    set("WS_ALLOWED_ORIGINS", "https://www.example.com");
    EXPECT_EQ(mistake("WS_ALLOWED_ORIGINS"), "");
}

TEST_F(Configuration, TakesTheEncryptionKeyInItsThreeForms) {
    const std::string bare(32, 'k');
    set("ENCRYPTION_KEY", bare);
    EXPECT_EQ(good().storage.encryption_key, bare);
    set("ENCRYPTION_KEY", "hex:" + std::string(64, '6'));
    EXPECT_EQ(good().storage.encryption_key, std::string(32, 'f'));
    toml("[chatbox]\nencryption_key = ''\n");
    set("ENCRYPTION_KEY", "");
    EXPECT_FALSE(good().storage.encryption_key);
}

// --- what this version does not have
// -----------------------------------------------------------------------------

TEST_F(Configuration, RefusesAStoreOrBusThatItDoesNotHave) {
    set("MONGO_URI", "mongodb://u:TELLTALE@localhost");
    set("REDIS_URL", "redis://localhost");
    EXPECT_NE(mistake("MONGO_URI").find("not in this version"), std::string::npos);
    EXPECT_NE(mistake("REDIS_URL").find("not in this version"), std::string::npos);
    EXPECT_EQ(mistake("MONGO_URI").find("TELLTALE"), std::string::npos);
    sources_.environment.erase("MONGO_URI");
    toml("[dbs.chat]\nuri = 'mongodb://localhost'\n");
    EXPECT_NE(mistake("MONGO_URI").find("c.toml:2:7"), std::string::npos);
}

TEST_F(Configuration, WarnsOfWhatItLeavesOut) {
    set("ENCRYPTION_KEY", std::string(32, 'k'));
    set("ADMIN_EMAILS", "a@example.com,b@example.com");
    set("S3_BUCKET", "b");
    EXPECT_NE(warning("ENCRYPTION_KEY").find("plain text"), std::string::npos);
    EXPECT_NE(warning("ADMIN_EMAILS").find("nobody is told"), std::string::npos);
    EXPECT_NE(warning("S3_ENDPOINT"), "");
    const std::string rest = warning("settings without effect");
    for (const char* name : {"ENCRYPTION_KEY", "ADMIN_EMAILS", "S3_BUCKET"})
        EXPECT_NE(rest.find(name), std::string::npos);
    EXPECT_EQ(rest.find("JWT_SECRET"), std::string::npos);
}

TEST_F(Configuration, ReadsAdminMailsAsATextOrAnArray) {
    const std::vector<std::string> both{"a@x.example", "b@x.example"};
    toml("[notification]\nadminEmails = ['a@x.example', 'b@x.example']\n");
    EXPECT_EQ(good().notify.admin_emails, both);
    toml("[notification]\nadminEmails = 'a@x.example, b@x.example'\n");
    EXPECT_EQ(good().notify.admin_emails, both);
}

TEST_F(Configuration, ReadsTheListsOfTablesOfTheOriginal) {
    toml(
        "[[connection_sources.s3_providers]]\nname='s'\nendpoint='https://"
        "s3.example'\nkey='k'\npass='p'\nregion='r'\n"
        "[userupload]\nsite='CHAT'\n[[userupload.types]]\nentryName='uploads'\nprefix='/f'\ntmpPath='/"
        "t'\nmaxSize='100MB'\n"
        "storage=[{type='s3',target='s',bucket='b'}]\n"
        "[[mail.engines.ses]]\nname='e'\naccessKeyId='i'\nsecretAccessKey='k'\nregion='r'\nfrom='f'"
        "\nfromName='n'\n"
        "[[mail.engines.smtp]]\nname='m'\nhost='h'\nport=25\nuser='u'\npass='p'\nfrom='f'\nfromName='n'\n"
        "[[mail.engines.mock]]\nname='x'\nverbose=true\n");
    const Loaded loaded = load();
    EXPECT_TRUE(loaded.mistakes.empty());
    for (const Problem& problem : loaded.warnings)
        EXPECT_EQ(problem.text.find("is not a setting"), std::string::npos) << problem.setting;
    EXPECT_EQ(loaded.config.uploads.s3.at(0).pass, "p");
    EXPECT_EQ(loaded.config.uploads.types.at(0).max_size, 100'000'000u);
    EXPECT_EQ(loaded.config.uploads.types.at(0).storage_target, "s");
    EXPECT_EQ(loaded.config.notify.ses.at(0).secret_access_key, "k");
    EXPECT_EQ(loaded.config.notify.smtp.at(0).port, 25);
    EXPECT_TRUE(loaded.config.notify.mock.at(0).verbose);
}

TEST_F(Configuration, RefusesAPlaceholderInAListOfTables) {
    toml("[[mail.engines.smtp]]\npass='CHANGE_ME'\n");
    EXPECT_NE(mistake("mail.engines.smtp[0].pass").find("placeholder"), std::string::npos);
}

}  // namespace
}  // namespace chatbox::server
