#include "../toml_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "temporary_folder.h"

namespace chatbox::server {
namespace {

TEST(TomlFile, BecomesAListOfDottedKeys) {
    TomlData data;
    ASSERT_FALSE(overlay_toml_text(
        "a = 1\n[b]\nc.d = 'x'\ne = [ 'p', 'q' ]\nf = true\ng = 1.5\nh = 1979-05-27\ni = [1]\n", "f.toml",
        data));
    EXPECT_EQ(std::get<std::int64_t>(data.values.at("a").value), 1);
    EXPECT_EQ(std::get<std::string>(data.values.at("b.c.d").value), "x");
    EXPECT_EQ(std::get<std::vector<std::string>>(data.values.at("b.e").value),
              (std::vector<std::string>{"p", "q"}));
    EXPECT_TRUE(std::get<bool>(data.values.at("b.f").value));
    EXPECT_DOUBLE_EQ(std::get<double>(data.values.at("b.g").value), 1.5);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(data.values.at("b.h").value));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(data.values.at("b.i").value));
    EXPECT_EQ(data.values.at("b.c.d").place, "f.toml:3:7");
}

TEST(TomlFile, NumbersTheRowsOfArraysOfTables) {
    TomlData data;
    ASSERT_FALSE(overlay_toml_text("[[p]]\nid='a'\n[[p]]\nid='b'\n[[p.q]]\nx=1\n", "f", data));
    EXPECT_EQ(data.rows.at("p"), 2u);
    EXPECT_EQ(data.rows.at("p[1].q"), 1u);
    EXPECT_EQ(std::get<std::string>(data.values.at("p[1].id").value), "b");
    EXPECT_EQ(std::get<std::int64_t>(data.values.at("p[1].q[0].x").value), 1);
}

TEST(TomlFile, ThatIsLaterWinsKeyByKey) {
    TomlData data;
    ASSERT_FALSE(
        overlay_toml_text("[a]\nx=1\ny=2\nl=['1','2']\n[[p]]\nid='a'\nname='A'\n[[p]]\nid='b'\n", "1", data));
    ASSERT_FALSE(overlay_toml_text("[a]\ny=3\nl=['9']\n[[p]]\nid='c'\n", "2", data));
    EXPECT_EQ(std::get<std::int64_t>(data.values.at("a.x").value), 1);
    EXPECT_EQ(std::get<std::int64_t>(data.values.at("a.y").value), 3);
    EXPECT_EQ(std::get<std::vector<std::string>>(data.values.at("a.l").value), std::vector<std::string>{"9"});
    EXPECT_EQ(data.rows.at("p"), 1u);
    EXPECT_FALSE(data.values.contains("p[1].id"));
    EXPECT_FALSE(data.values.contains("p[0].name"));
    EXPECT_EQ(data.values.at("a.y").place, "2:2:3");
}

TEST(TomlFile, ThatIsBrokenIsToldWithItsLineAndColumnAndChangesNothing) {
    TomlData data;
    ASSERT_FALSE(overlay_toml_text("a = 1", "1", data));
    const auto wrong = overlay_toml_text("a = 2\nb = = 3\n", "dir/two.toml", data);
    ASSERT_TRUE(wrong);
    EXPECT_TRUE(wrong->starts_with("dir/two.toml:2:5: not TOML")) << *wrong;
    EXPECT_EQ(std::get<std::int64_t>(data.values.at("a").value), 1);
}

TEST(TomlFile, ThatIsBrokenIsNeverQuoted) {
    for (const char* text :
         {"jwt_secret = tRuE7TELLTALE\n", "jwt_secret = trueTELLTALE\n", "jwt_secret = 7TELLTALE\n",
          "jwt_secret = \"TELLTALE\n", "jwt_secret = 'x' TELLTALE\n", "jwt_secret = infTELLTALE\n",
          "jwt_secret = 99999999999999999999999\n", "jwt_secret = 0x99999999999999999999999\n",
          "jwt_secret = 1979-99999-TELLTALE\n", "jwt_secret = 1e99999\n", "[TELLTALE\n",
          "jwt_secret = \"\\TELLTALE\"\n", "jwt_secret = nanTELLTALE\n", "jwt_secret = falsTELLTALE\n"}) {
        TomlData data;
        const auto wrong = overlay_toml_text(text, "f", data);
        ASSERT_TRUE(wrong) << text;
        EXPECT_EQ(wrong->find("TELL"), std::string::npos) << *wrong;
        EXPECT_EQ(wrong->find("9999"), std::string::npos) << *wrong;
        EXPECT_TRUE(wrong->starts_with("f:1:")) << *wrong;
        EXPECT_EQ(wrong->find('\n'), std::string::npos);
    }
}

TEST(TomlFile, TellsTheKeyThatIsThereTwice) {
    TomlData data;
    const auto wrong = overlay_toml_text("[server]\nport = 1\nport = 2\n", "f", data);
    ASSERT_TRUE(wrong);
    EXPECT_TRUE(wrong->starts_with("f:3:")) << *wrong;
    EXPECT_NE(wrong->find("'port'"), std::string::npos) << *wrong;
}

TEST(TomlFile, ThatTheParserCannotCopeWithIsToldWithItsLine) {
    // Each of these is an assertion in toml++ 3.3.
    for (const char* text : {"a = 1\nb = 2\n[=\nc = 3\n", "a = 1\n\n[.]\n", "x = '''\n''' \n[=]"}) {
        TomlData data;
        const auto wrong = overlay_toml_text(text, "f", data);
        ASSERT_TRUE(wrong) << text;
        EXPECT_TRUE(wrong->starts_with("f:3:")) << *wrong;
    }
}

TEST(TomlFile, WithAFullWidthCommaOutsideOfATextIsToldWithItsPlace) {
    for (const char* text : {"a = 1\n\xEF\xBC\x8C\n", "a = 1\n\xEF\xB7\xB7", "a = 1\nb\xEF\xBC\x9A 1\n"}) {
        TomlData data;
        const auto wrong = overlay_toml_text(text, "f", data);
        ASSERT_TRUE(wrong);
        EXPECT_TRUE(wrong->starts_with("f:2:")) << *wrong;
    }
}

TEST(TomlFile, ThatCannotBeReadSaysWhy) {
    const TemporaryFolder folder;
    TomlData data;
    EXPECT_NE(overlay_toml_file(folder / "missing.toml", data)->find("No such file"), std::string::npos);
    EXPECT_NE(overlay_toml_file(folder / ".", data)->find("folder"), std::string::npos);
    folder.write("big.toml", "#" + std::string(1024 * 1024, 'x'));
    EXPECT_NE(overlay_toml_file(folder / "big.toml", data)->find("longer than 1 MiB"), std::string::npos);
    folder.write("fits.toml", "#" + std::string(1024 * 1024 - 1, 'x'));
    EXPECT_FALSE(overlay_toml_file(folder / "fits.toml", data));
    folder.write("empty.toml", "");
    EXPECT_FALSE(overlay_toml_file(folder / "empty.toml", data));
}

TEST(TomlFile, OfGarbageNeverCrashes) {
    unsigned state = 7;
    const std::string alphabet = "[]{}=\"'.,#\n\\ abc019-_+:\xFF\x00T";
    for (int i = 0; i < 5'000; ++i) {
        std::string text;
        for (int n = 0; n < 40; ++n) {
            state = state * 1664525u + 1013904223u;
            text += alphabet[(state >> 16) % alphabet.size()];
        }
        TomlData data;
        overlay_toml_text(text, "f", data);
    }
}

}  // namespace
}  // namespace chatbox::server
