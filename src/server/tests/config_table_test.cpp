#include "server/config_table.h"

#include <fstream>
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

TEST(SettingsTable, IsWhatTheDocumentShows) {
    std::ostringstream file;
    file << std::ifstream(CHATBOX_DOCUMENT).rdbuf();
    EXPECT_TRUE(file.str() == configuration_document())
        << "docs/configuration.md is not of this table; make it with: chatbox docs configuration > "
           "docs/configuration.md";
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
