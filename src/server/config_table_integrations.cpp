// Settings of services beside us: MongoDB, Redis, S3, mail, SMS; and the lists of tables.
#include "config_table_parts.h"

namespace chatbox::server {

using namespace std::chrono_literals;

namespace {

using C = Config;

// Everything here waits for its feature.
Setting later(std::string_view section, std::vector<std::string_view> env, std::vector<std::string_view> toml,
              Slot (*slot)(Config&), ValueRule rule, std::string_view help) {
    return {.section = section,
            .env = std::move(env),
            .toml = std::move(toml),
            .slot = slot,
            .rule = std::move(rule),
            .effect = Effect::later,
            .help = help};
}

std::vector<Setting> database_settings() {
    using M = C::Mongo;
    const auto mongo = [](std::string_view env, std::string_view toml, Slot (*slot)(Config&), ValueRule rule,
                          std::string_view help) {
        return later("MongoDB and Redis", {env}, {toml}, slot, std::move(rule), help);
    };
    return {
        mongo("MONGO_URI", "dbs.chat.uri", at<&C::mongo, &M::uri>, secret_text(),
              "Store in MongoDB instead of the data folder. Not in this version: the start is refused"),
        mongo("MONGO_DATABASE", "dbs.chat.database", at<&C::mongo, &M::database>, any_text(), "Database"),
        mongo("MONGO_COLLECTION", "dbs.chat.collection", at<&C::mongo, &M::collection>, any_text(),
              "Collection of sessions"),
        mongo("MONGO_USERNAME", "dbs.chat.username", at<&C::mongo, &M::username>, any_text(),
              "User, when not in the URI"),
        mongo("MONGO_PASSWORD", "dbs.chat.password", at<&C::mongo, &M::password>, secret_text(),
              "Its password"),
        mongo("MONGO_CONNECT_TIMEOUT", "dbs.chat.connectTimeout", at<&C::mongo, &M::connect_timeout>,
              duration(10ms, 1h), "Longest time to connect"),
        mongo("MONGO_VERBOSE", "dbs.verbose", at<&C::mongo, &M::verbose>, whole(0, 10),
              "How much the driver logs"),
        mongo("MONGO_SLOW_THRESHOLD", "dbs.slowThreshold", at<&C::mongo, &M::slow_threshold>,
              {.kind = Kind::decimal, .min = 0, .max = 3600}, "Seconds after which a query counts as slow"),
        mongo("MONGO_RETRY_ATTEMPTS", "dbs.retry_attempts", at<&C::mongo, &M::retry_attempts>, whole(1, 100),
              "Attempts per operation"),
        mongo("MONGO_RETRY_DELAY", "dbs.retry_delay", at<&C::mongo, &M::retry_delay>, duration(0ms, 1min),
              "Wait before the second attempt; doubles"),
        mongo("MONGO_RETRY_MAX_DELAY", "dbs.retry_max_delay", at<&C::mongo, &M::retry_max_delay>,
              duration(0ms, 10min), "Longest wait"),
        mongo("REDIS_URL", "redis.url", at<&C::redis, &C::Redis::url>, secret_text(),
              "Several processes as one. Not in this version: the start is refused"),
    };
}

std::vector<Setting> upload_settings() {
    using U = C::Uploads;
    using S = S3SourceConfig;
    using T = UploadTypeConfig;
    const std::string_view s = "Uploads";
    return {
        later(s, {"S3_ENDPOINT"}, {}, at<&C::uploads, &U::env_s3, &S::endpoint>, any_text(), "S3 server"),
        later(s, {"S3_REGION"}, {}, at<&C::uploads, &U::env_s3, &S::region>, any_text(), "Region"),
        later(s, {"S3_BUCKET"}, {}, at<&C::uploads, &U::env_s3, &S::bucket>, any_text(), "Bucket"),
        later(s, {"S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"}, {}, at<&C::uploads, &U::env_s3, &S::key>,
              secret_text(), "Access key id"),
        later(s, {"S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"}, {}, at<&C::uploads, &U::env_s3, &S::pass>,
              secret_text(), "Secret access key"),
        later(s, {"S3_USE_PATH_STYLE"}, {}, at<&C::uploads, &U::env_s3, &S::path_style>, yes_or_no(),
              "Bucket in the path, not in the host name"),
        later(s, {"UPLOAD_SITE"}, {"userupload.site"}, at<&C::uploads, &U::site>, any_text(), "Site name"),
        later(s, {"UPLOAD_ENTRY_NAME"}, {}, at<&C::uploads, &U::env_type, &T::entry_name>, any_text(),
              "Form field"),
        later(s, {"UPLOAD_PREFIX"}, {}, at<&C::uploads, &U::env_type, &T::prefix>, any_text(),
              "Path of the files"),
        later(s, {"UPLOAD_TMP_PATH"}, {}, at<&C::uploads, &U::env_type, &T::tmp_path>, any_text(),
              "Folder for uploads in work"),
        later(s, {"UPLOAD_MAX_SIZE"}, {}, at<&C::uploads, &U::env_type, &T::max_size>, bytes(1, 1LL << 40),
              "Largest file"),
    };
}

std::vector<Setting> notification_settings() {
    using N = C::Notify;
    const std::string_view s = "Notifications";
    return {
        later(s, {"ADMIN_EMAILS"}, {"notification.adminEmails"}, at<&C::notify, &N::admin_emails>, any_list(),
              "Who is told by mail"),
        later(s, {"ADMIN_PHONES"}, {"notification.adminPhones"}, at<&C::notify, &N::admin_phones>, any_list(),
              "Who is told by SMS"),
        later(s, {"ADMIN_PANEL_URL"}, {"notification.adminPanelURL"}, at<&C::notify, &N::admin_panel_url>,
              {.placeholders = Placeholders::refused}, "Links in notifications are `<this>/<session id>`"),
        later(s, {"SMS_PROVIDER"}, {"sms.provider"}, at<&C::notify, &N::sms_provider>, any_text(), "Service"),
        later(s, {"SMS_ACCOUNT_SID", "TWILIO_ACCOUNT_SID"}, {"sms.accountSID"},
              at<&C::notify, &N::sms_account_sid>, secret_text(), "Account"),
        later(s, {"SMS_AUTH_TOKEN", "TWILIO_AUTH_TOKEN"}, {"sms.authToken"},
              at<&C::notify, &N::sms_auth_token>, secret_text(), "Its token"),
        later(s, {"SMS_FROM_NUMBER"}, {"sms.fromNumber"}, at<&C::notify, &N::sms_from>, any_text(), "Sender"),
        later(s, {"SMS_API_KEY"}, {"sms.apiKey"}, at<&C::notify, &N::sms_api_key>, secret_text(),
              "Key of other services"),
    };
}

std::vector<Setting> mail_settings() {
    using N = C::Notify;
    const std::string_view s = "Mail";
    return {
        later(s, {"EMAIL_FROM_NAME"}, {"mail.defaultFromName"}, at<&C::notify, &N::mail_from_name>,
              any_text(), "Sender's name"),
        later(s, {"EMAIL_REPLY_TO"}, {"mail.replyToEmail"}, at<&C::notify, &N::mail_reply_to>, any_text(),
              "Where answers go"),
        later(s, {}, {"mail.adminEmail"}, at<&C::notify, &N::mail_admin>, any_text(),
              "Who is told when `ADMIN_EMAILS` is empty"),
        later(s, {"EMAIL_FROM"}, {}, at<&C::notify, &N::env_smtp, &SmtpConfig::from>, any_text(),
              "Sender's address"),
        later(s, {"SMTP_HOST"}, {}, at<&C::notify, &N::env_smtp, &SmtpConfig::host>, any_text(),
              "Mail server"),
        later(s, {"SMTP_PORT"}, {}, at<&C::notify, &N::env_smtp, &SmtpConfig::port>, whole(1, 65535),
              "Its port"),
        later(s, {"SMTP_USER"}, {}, at<&C::notify, &N::env_smtp, &SmtpConfig::user>, any_text(), "User"),
        later(s, {"SMTP_PASS", "SMTP_PASSWORD"}, {}, at<&C::notify, &N::env_smtp, &SmtpConfig::pass>,
              secret_text(), "Password"),
        later(s, {"SES_ACCESS_KEY_ID", "AWS_SES_ACCESS_KEY_ID"}, {},
              at<&C::notify, &N::env_ses, &SesConfig::access_key_id>, secret_text(), "Access key id of SES"),
        later(s, {"SES_SECRET_ACCESS_KEY", "AWS_SES_SECRET_ACCESS_KEY"}, {},
              at<&C::notify, &N::env_ses, &SesConfig::secret_access_key>, secret_text(),
              "Secret access key of SES"),
        later(s, {"SES_REGION"}, {}, at<&C::notify, &N::env_ses, &SesConfig::region>, any_text(),
              "Region of SES"),
    };
}

Group providers() {
    using P = ProviderConfig;
    return {
        .section = "Models",
        .places = {"llm.providers", "chatbox.llm.providers"},
        .env_prefix = "LLM_PROVIDER_",
        .resize = resize_rows<&C::llm, &C::Llm::providers>,
        .fields =
            {
                {"id", "ID", in_row<&C::llm, &C::Llm::providers, &P::id>, any_text(),
                 "What clients choose the model by"},
                {"name", "NAME", in_row<&C::llm, &C::Llm::providers, &P::name>, any_text(),
                 "What people see"},
                {"type",
                 "TYPE",
                 in_row<&C::llm, &C::Llm::providers, &P::type>,
                 {.kind = Kind::choice, .choices = {"openai", "anthropic", "dify", "demo"}},
                 "`openai` for every server that speaks its chat completions, `anthropic` for the Messages "
                 "API, `dify` for chat apps of Dify; `demo` is built in and needs no network"},
                {"endpoint",
                 "ENDPOINT",
                 in_row<&C::llm, &C::Llm::providers, &P::endpoint>,
                 {.placeholders = Placeholders::refused},
                 "Base URL: `https`, or `http` for a host of your own network (see "
                 "`CHATBOX_INTERNAL_HOSTS`). "
                 "A query, such as Azure's `?api-version=…`, is kept. Not for `demo`"},
                {"apiKey", "API_KEY", in_row<&C::llm, &C::Llm::providers, &P::api_key>, secret_text(),
                 "Key. May be left out for `demo`, and for `openai` at an `http` endpoint"},
                {"model", "MODEL", in_row<&C::llm, &C::Llm::providers, &P::model>, any_text(),
                 "The vendor's name of the model. Not for `dify`"},
                {"authHeader", "AUTH_HEADER", in_row<&C::llm, &C::Llm::providers, &P::auth_header>,
                 any_text(),
                 "Header that carries the key instead of the vendor's usual one, such as Azure's `api-key`"},
                {"systemPrompt", "SYSTEM_PROMPT", in_row<&C::llm, &C::Llm::providers, &P::system_prompt>,
                 any_text(),
                 "Instruction for this model, in front of `CHATBOX_LLM_SYSTEM_PROMPT`. Not for "
                 "`dify`, whose app has its own"},
                {"temperature",
                 "TEMPERATURE",
                 in_row<&C::llm, &C::Llm::providers, &P::temperature>,
                 {.kind = Kind::decimal, .min = 0, .max = 2},
                 "How varied answers are; without it the vendor's default"},
                {"maxTokens", "MAX_TOKENS", in_row<&C::llm, &C::Llm::providers, &P::max_tokens>,
                 whole(1, 100'000'000),
                 "Longest answer in tokens; without it the vendor's default, for `anthropic` 4096"},
                {"extraBody", "EXTRA_BODY", in_row<&C::llm, &C::Llm::providers, &P::extra_body>, any_text(),
                 "JSON object whose fields are laid over the body of each request"},
                {"extraHeaders",
                 "EXTRA_HEADERS",
                 in_row<&C::llm, &C::Llm::providers, &P::extra_headers>,
                 {.kind = Kind::list, .secrecy = Secrecy::secret},
                 "Headers of each request, as `Name: value`"},
                {"stream", "STREAM", in_row<&C::llm, &C::Llm::providers, &P::stream>, yes_or_no(),
                 "`false` asks for whole answers, for servers that cannot stream"},
                {"fallback", "FALLBACK", in_row<&C::llm, &C::Llm::providers, &P::fallback>, any_list(),
                 "Ids of models that answer instead, in this order, when this one fails before its first "
                 "piece of text"},
            },
        .help = "Who answers. The first one is the default. Needed for `serve`; `dev` finds one by itself.",
    };
}

Group s3_sources() {
    using S = S3SourceConfig;
    return {
        .section = "Uploads",
        .places = {"connection_sources.s3_providers"},
        .resize = resize_rows<&C::uploads, &C::Uploads::s3>,
        .fields =
            {
                {"name",
                 {},
                 in_row<&C::uploads, &C::Uploads::s3, &S::name>,
                 any_text(),
                 "Name, for `target`"},
                {"endpoint", {}, in_row<&C::uploads, &C::Uploads::s3, &S::endpoint>, any_text(), "S3 server"},
                {"key", {}, in_row<&C::uploads, &C::Uploads::s3, &S::key>, secret_text(), "Access key id"},
                {"pass",
                 {},
                 in_row<&C::uploads, &C::Uploads::s3, &S::pass>,
                 secret_text(),
                 "Secret access key"},
                {"region", {}, in_row<&C::uploads, &C::Uploads::s3, &S::region>, any_text(), "Region"},
            },
        .effect = Effect::later,
        .help = "S3 servers."};
}

Group upload_types() {
    using T = UploadTypeConfig;
    return {.section = "Uploads",
            .places = {"userupload.types"},
            .resize = resize_rows<&C::uploads, &C::Uploads::types>,
            .fields =
                {
                    {"entryName",
                     {},
                     in_row<&C::uploads, &C::Uploads::types, &T::entry_name>,
                     any_text(),
                     "Form field"},
                    {"prefix",
                     {},
                     in_row<&C::uploads, &C::Uploads::types, &T::prefix>,
                     any_text(),
                     "Path of the files"},
                    {"tmpPath",
                     {},
                     in_row<&C::uploads, &C::Uploads::types, &T::tmp_path>,
                     any_text(),
                     "Folder for uploads in work"},
                    {"maxSize",
                     {},
                     in_row<&C::uploads, &C::Uploads::types, &T::max_size>,
                     bytes(1, 1LL << 40),
                     "Largest file"},
                    {"storage[0].type",
                     {},
                     in_row<&C::uploads, &C::Uploads::types, &T::storage_type>,
                     any_text(),
                     "`s3`"},
                    {"storage[0].target",
                     {},
                     in_row<&C::uploads, &C::Uploads::types, &T::storage_target>,
                     any_text(),
                     "Name of an S3 server"},
                    {"storage[0].bucket",
                     {},
                     in_row<&C::uploads, &C::Uploads::types, &T::storage_bucket>,
                     any_text(),
                     "Bucket"},
                },
            .effect = Effect::later,
            .help = "Kinds of uploads."};
}

Group ses_engines() {
    using E = SesConfig;
    return {
        .section = "Mail",
        .places = {"mail.engines.ses"},
        .resize = resize_rows<&C::notify, &C::Notify::ses>,
        .fields =
            {
                {"name", {}, in_row<&C::notify, &C::Notify::ses, &E::name>, any_text(), "Name"},
                {"accessKeyId",
                 {},
                 in_row<&C::notify, &C::Notify::ses, &E::access_key_id>,
                 secret_text(),
                 "Access key id"},
                {"secretAccessKey",
                 {},
                 in_row<&C::notify, &C::Notify::ses, &E::secret_access_key>,
                 secret_text(),
                 "Secret access key"},
                {"region", {}, in_row<&C::notify, &C::Notify::ses, &E::region>, any_text(), "Region"},
                {"from", {}, in_row<&C::notify, &C::Notify::ses, &E::from>, any_text(), "Sender's address"},
                {"fromName",
                 {},
                 in_row<&C::notify, &C::Notify::ses, &E::from_name>,
                 any_text(),
                 "Sender's name"},
            },
        .effect = Effect::later,
        .help = "Mail through Amazon SES."};
}

Group smtp_engines() {
    using E = SmtpConfig;
    return {
        .section = "Mail",
        .places = {"mail.engines.smtp"},
        .resize = resize_rows<&C::notify, &C::Notify::smtp>,
        .fields =
            {
                {"name", {}, in_row<&C::notify, &C::Notify::smtp, &E::name>, any_text(), "Name"},
                {"host", {}, in_row<&C::notify, &C::Notify::smtp, &E::host>, any_text(), "Mail server"},
                {"port", {}, in_row<&C::notify, &C::Notify::smtp, &E::port>, whole(1, 65535), "Its port"},
                {"user", {}, in_row<&C::notify, &C::Notify::smtp, &E::user>, any_text(), "User"},
                {"pass", {}, in_row<&C::notify, &C::Notify::smtp, &E::pass>, secret_text(), "Password"},
                {"from", {}, in_row<&C::notify, &C::Notify::smtp, &E::from>, any_text(), "Sender's address"},
                {"fromName",
                 {},
                 in_row<&C::notify, &C::Notify::smtp, &E::from_name>,
                 any_text(),
                 "Sender's name"},
            },
        .effect = Effect::later,
        .help = "Mail through a mail server."};
}

Group mock_engines() {
    using E = MockMailConfig;
    return {.section = "Mail",
            .places = {"mail.engines.mock"},
            .resize = resize_rows<&C::notify, &C::Notify::mock>,
            .fields =
                {
                    {"name", {}, in_row<&C::notify, &C::Notify::mock, &E::name>, any_text(), "Name"},
                    {"verbose",
                     {},
                     in_row<&C::notify, &C::Notify::mock, &E::verbose>,
                     yes_or_no(),
                     "Log each mail"},
                },
            .effect = Effect::later,
            .help = "Mail that is only logged."};
}

}  // namespace

std::vector<Setting> integration_settings() {
    std::vector<Setting> table;
    for (auto* part : {database_settings, upload_settings, notification_settings, mail_settings}) {
        for (Setting& setting : part()) table.push_back(std::move(setting));
    }
    return table;
}

const std::vector<Group>& groups() {
    static const std::vector<Group> all{providers(),   s3_sources(),   upload_types(),
                                        ses_engines(), smtp_engines(), mock_engines()};
    return all;
}

}  // namespace chatbox::server
