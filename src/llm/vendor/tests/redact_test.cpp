#include "llm/vendor/redact.h"

#include <gtest/gtest.h>

namespace chatbox::llm::vendor {

TEST(Redact, RemovesTheConfiguredKeyWhateverItLooksLike) {
    EXPECT_EQ(redact("bad key 'pass' given: pass.", {"pass"}), "bad key '[removed]' given: [removed].");
    EXPECT_EQ(redact("nothing to hide", {}), "nothing to hide");
}

TEST(Redact, RemovesWhatLooksLikeAKey) {
    EXPECT_EQ(redact("Incorrect API key provided: sk-ab*.", {"another"}),
              "Incorrect API key provided: [removed]");
    EXPECT_EQ(redact("key abcd****wxyz, Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0 end", {"-"}),
              "key [removed], Bearer [removed] end");
    EXPECT_EQ(redact("0123456789abcdef0123456789abcdef", {}), "[removed]");
}

TEST(Redact, LeavesOrdinaryWordsAlone) {
    const std::string text =
        R"({"error":{"message":"The model `gpt-4o-mini-2024-07-18` does not exist","code":404}})";
    EXPECT_EQ(redact(text, {"sk-secret"}), text);
    EXPECT_EQ(redact("a sentence-that-is-long-but-has-no-digit-in-it", {}),
              "a sentence-that-is-long-but-has-no-digit-in-it");
}

TEST(Redact, GivesOneLineOfValidUtf8) {
    EXPECT_EQ(redact("a\r\nb\tc\x7F", {}), "a  b c ");
    EXPECT_EQ(redact("caf\xC3\xA9", {}), "caf\xC3\xA9");
    EXPECT_EQ(redact("caf\xC3", {}), "caf?");
}

TEST(Redact, DropsTheLastWordOfATextThatWasCut) {
    EXPECT_EQ(redact_cut("the key sk-live-0123", {"sk-live-0123456"}), "the key");
    EXPECT_EQ(redact_cut("the key is 'abc", {"abcdef"}), "the key is ");
    EXPECT_EQ(redact_cut("abc", {"abcdef"}), "");
}

}  // namespace chatbox::llm::vendor
