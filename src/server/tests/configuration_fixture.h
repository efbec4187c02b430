#pragma once
// A configuration that is good, and what to change about it.
#include <gtest/gtest.h>

#include <string>

#include "server/config_load.h"
#include "temporary_folder.h"

namespace chatbox::server {

inline const std::string good_secret = "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae";

class Configuration : public testing::Test {
protected:
    // The least that `serve` needs.
    Configuration() {
        sources_.environment = {{"JWT_SECRET", good_secret}, {"LLM_PROVIDER_1_TYPE", "demo"}};
        sources_.files = {
            folder_.write("empty.toml", "")};  // no config.toml of the folder that the tests run in
    }

    void set(const std::string& name, const std::string& value) { sources_.environment[name] = value; }
    void toml(const std::string& text) { sources_.files = {folder_.write("c.toml", text)}; }

    Loaded load() const {
        Loaded loaded = load_config(sources_);
        check_config(loaded);
        return loaded;
    }
    Config good() const {
        const Loaded loaded = load();
        for (const Problem& mistake : loaded.mistakes)
            ADD_FAILURE() << mistake.setting << ": " << mistake.text;
        return loaded.config;
    }
    static std::string text_of(const std::vector<Problem>& problems, const std::string& setting) {
        for (const Problem& problem : problems) {
            if (problem.setting == setting) return problem.text;
        }
        return {};
    }
    std::string mistake(const std::string& setting) const { return text_of(load().mistakes, setting); }
    std::string warning(const std::string& setting) const { return text_of(load().warnings, setting); }

    TemporaryFolder folder_;
    Sources sources_;
};

}  // namespace chatbox::server
