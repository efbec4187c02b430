#include "openapi.h"

#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>

#include "openapi_schemas.h"
#include "route_table.h"

namespace chatbox::net {

namespace json = boost::json;

namespace {

json::string text_of(std::string_view text) {
    return json::string(json::string_view(text.data(), text.size()));
}

json::object schema_of(std::string_view body) {
    return {{"$ref", "#/components/schemas/" + std::string(body)}};
}

// An answer's media type and schema. A body that contains a slash is a media type without a schema.
void add_content(json::object& response, std::string_view body) {
    if (body.empty()) return;
    json::object& content = response.emplace("content", json::object()).first->value().as_object();
    if (body.find('/') != std::string_view::npos) {
        content[text_of(body)] = {{"schema", {{"type", "string"}}}};
        return;
    }
    json::value& media = content["application/json"];
    if (!media.is_object()) {
        media = {{"schema", schema_of(body)}};
        return;
    }
    // A second body of the same status: either.
    json::object& schema = media.as_object().at("schema").as_object();
    if (schema == schema_of(body)) return;
    if (!schema.contains("anyOf")) schema = {{"anyOf", json::array{json::object(schema)}}};
    schema.at("anyOf").as_array().emplace_back(schema_of(body));
}

class Responses {
public:
    void add(const AnswerDoc& answer) {
        const std::string status = std::to_string(answer.status);
        const auto [at, fresh] = all_.emplace(status, json::object());
        json::string& text =
            at->value().as_object().emplace("description", text_of(answer.text)).first->value().as_string();
        if (!fresh && text.find(answer.text) == json::string::npos) {
            text.append("; ");
            text.append(text_of(answer.text));
        }
        add_content(at->value().as_object(), answer.body);
    }
    void add_all(std::initializer_list<AnswerDoc> answers) {
        for (const AnswerDoc& answer : answers) add(answer);
    }
    json::object take() { return std::move(all_); }

private:
    json::object all_;
};

// What the doors of a route answer before the route is asked.
void add_answers_of(Access access, Responses& responses) {
    switch (access) {
        case Access::open:
        case Access::handshake:
            break;
        case Access::visitor:
            responses.add({429, "RateLimited", "Too many requests of this address"});
            break;
        case Access::scrape:
            responses.add_all({{403, "Error", "This network may not read the metrics"},
                               {429, "RateLimited", "Too many requests of this address"}});
            break;
        case Access::admin:
            responses.add({403, "Error", "Neither of the roles admin and chat_admin"});
            [[fallthrough]];
        case Access::user:
            responses.add_all({{401, "Error", "No token, or one that is not valid"},
                               {429, "RateLimited", "Too many requests"}});
            break;
    }
}

// What any request may meet.
void add_common_answers(const Route& route, Responses& responses) {
    responses.add_all({{400, "Error", "The request cannot be used as it is"},
                       {408, "Error", "The request took too long to arrive"},
                       {413, "Error", "The body is too large"},
                       {431, "Error", "The header is too large"}});
    if (!route.doc.names.empty()) {
        responses.add({404, "text/plain", "The path has no such form: a name with a slash in it"});
    }
    if (route.access == Access::user || route.access == Access::admin) {
        responses.add_all({{500, "Error", "An internal error; the log says more"},
                           {503, "Error", "The database cannot be reached"}});
    }
}

json::array parameters_of(const RouteDoc& doc) {
    json::array all;
    const auto add = [&](const ParameterDoc& parameter, std::string_view in) {
        all.push_back({{"name", text_of(parameter.name)},
                       {"in", text_of(in)},
                       {"required", in == "path"},
                       {"description", text_of(parameter.text)},
                       {"schema", json::parse({parameter.schema.data(), parameter.schema.size()})}});
    };
    for (const ParameterDoc& parameter : doc.names) add(parameter, "path");
    for (const ParameterDoc& parameter : doc.query) add(parameter, "query");
    return all;
}

json::object operation_of(const Route& route) {
    const RouteDoc& doc = route.doc;
    json::object operation{{"operationId", text_of(doc.id)},
                           {"summary", text_of(doc.summary)},
                           {"tags", json::array{text_of(doc.topic)}}};
    if (auto parameters = parameters_of(doc); !parameters.empty()) {
        operation["parameters"] = std::move(parameters);
    }
    if (!doc.body.empty()) {
        operation["requestBody"] = {{"required", false},
                                    {"content", {{"application/json", {{"schema", schema_of(doc.body)}}}}}};
    }
    Responses responses;
    for (const AnswerDoc& answer : doc.answers) responses.add(answer);
    add_answers_of(route.access, responses);
    add_common_answers(route, responses);
    operation["responses"] = responses.take();
    const bool guarded = route.access == Access::user || route.access == Access::admin;
    operation["security"] = guarded ? json::array{json::object{{"token", json::array()}}} : json::array{};
    if (route.access == Access::handshake) {
        operation["security"] = json::array{json::object{{"token", json::array()}},
                                            json::object{{"tokenInQuery", json::array()}}};
    }
    return operation;
}

// HEAD is GET without the body.
json::object head_of(json::object operation) {
    operation["operationId"] = "head_" + std::string(operation.at("operationId").as_string());
    operation["summary"] = "As GET, without the body";
    for (auto& [status, response] : operation.at("responses").as_object()) {
        response.as_object().erase("content");
    }
    return operation;
}

json::object paths() {
    json::object all;
    for (const Route& route : route_table()) {
        json::object& path =
            all.emplace("/" + std::string(route.pattern), json::object()).first->value().as_object();
        std::string method(route.method);
        std::ranges::transform(method, method.begin(),
                               [](char c) { return static_cast<char>(c - 'A' + 'a'); });
        json::object operation = operation_of(route);
        if (route.method == "GET" && route.handler != nullptr) path["head"] = head_of(operation);
        path[method] = std::move(operation);
    }
    return all;
}

json::object schemas() {
    json::object all;
    for (const auto& [name, text] : openapi_schemas()) {
        all[text_of(name)] = json::parse({text.data(), text.size()});
    }
    return all;
}

}  // namespace

std::string openapi_document(const Options& options, const Facts& facts) {
    json::object document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Chatbox"},
          {"version", text_of(facts.version)},
          {"summary", "Self-hosted real-time support chat"},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
          {"description",
           "The HTTP API. A path that is not described here is answered with 404 and the text `404 page not "
           "found`, and so is a method that a path does not have. A slash behind a path leads to the path "
           "without it (301 for GET and HEAD, 307 for other methods). Of a query parameter that is given "
           "more than once the first counts; more than 100 parameters are refused."}}},
        {"servers",
         json::array{json::object{{"url", text_of(options.prefix.empty() ? "/" : options.prefix)}}}},
        {"paths", paths()},
        {"components",
         {{"schemas", schemas()},
          {"securitySchemes",
           {{"token",
             {{"type", "http"},
              {"scheme", "bearer"},
              {"bearerFormat", "JWT"},
              {"description", "`user_id`, `roles`, `exp`; `name` if there is one"}}},
            {"tokenInQuery", {{"type", "apiKey"}, {"in", "query"}, {"name", "token"}}}}}}}};
    return json::serialize(document);
}

}  // namespace chatbox::net
