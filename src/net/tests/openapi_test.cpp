#include "../openapi.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "../openapi_schemas.h"
#include "../route_table.h"

namespace chatbox::net {
namespace {

namespace json = boost::json;

json::object document(const std::string& prefix = "/chatbox") {
    Options options;
    options.prefix = prefix;
    return json::parse(openapi_document(options, {3, "1.2.3"})).as_object();
}

std::set<std::string> operations(const json::object& paths) {
    std::set<std::string> all;
    for (const auto& [path, methods] : paths) {
        for (const auto& [method, operation] : methods.as_object()) {
            all.insert(std::string(method) + " " + std::string(path));
        }
    }
    return all;
}

TEST(OpenApi, DescribesEveryRouteOfTheTableAndNothingElse) {
    std::set<std::string> expected;
    for (const Route& route : route_table()) {
        std::string method(route.method);
        for (char& c : method) c = static_cast<char>(std::tolower(c));
        expected.insert(method + " /" + std::string(route.pattern));
        if (route.method == "GET" && route.handler != nullptr) {
            expected.insert("head /" + std::string(route.pattern));
        }
    }
    EXPECT_EQ(operations(document().at("paths").as_object()), expected);
}

TEST(OpenApi, NamesTheVersionAndWhereTheRoutesStart) {
    EXPECT_EQ(document().at("openapi").as_string(), "3.1.0");
    EXPECT_EQ(document().at("info").at("version").as_string(), "1.2.3");
    EXPECT_EQ(document("/help/desk").at("servers").at(0).at("url").as_string(), "/help/desk");
    EXPECT_EQ(document("").at("servers").at(0).at("url").as_string(), "/");
}

TEST(OpenApi, DescribesEveryNameOfAPatternInItsOrder) {
    for (const Route& route : route_table()) {
        std::string rest(route.pattern);
        for (const ParameterDoc& name : route.doc.names) {
            const std::string in_braces = "{" + std::string(name.name) + "}";
            const std::size_t found = rest.find(in_braces);
            ASSERT_NE(found, std::string::npos) << route.pattern;
            rest = rest.substr(found + in_braces.size());
        }
        EXPECT_EQ(rest.find('{'), std::string::npos) << route.pattern;
    }
}

// Every "$ref" in `value` must name a schema that is there.
void check_references(const json::value& value, std::set<std::string>& used) {
    if (const auto* object = value.if_object()) {
        for (const auto& [key, inner] : *object) {
            if (key == "$ref") used.insert(std::string(inner.as_string()));
            check_references(inner, used);
        }
    } else if (const auto* array = value.if_array()) {
        for (const auto& inner : *array) check_references(inner, used);
    }
}

TEST(OpenApi, EverySchemaIsThereAndUsed) {
    std::set<std::string> used;
    check_references(document(), used);
    std::set<std::string> known;
    for (const auto& schema : openapi_schemas()) {
        known.insert("#/components/schemas/" + std::string(schema.name));
    }
    EXPECT_EQ(used, known);
}

TEST(OpenApi, GuardedRoutesSayThatTheyWantATokenAndHowTheyRefuse) {
    const json::object paths = document().at("paths").as_object();
    const json::object& list = paths.at("/admin/sessions").at("get").as_object();
    EXPECT_EQ(list.at("security"), json::parse(R"([{"token":[]}])"));
    for (const char* status : {"200", "400", "401", "403", "429", "500", "503"}) {
        EXPECT_TRUE(list.at("responses").as_object().contains(status)) << status;
    }
    EXPECT_EQ(paths.at("/healthz").at("get").at("security"), json::parse("[]"));
    EXPECT_FALSE(paths.at("/healthz").at("head").at("responses").at("200").as_object().contains("content"));
}

}  // namespace
}  // namespace chatbox::net
