#include "store/conformance/store_conformance.h"
#include "support.h"

namespace chatbox::store::conformance {
namespace {

class SqliteBackend final : public Backend {
public:
    explicit SqliteBackend(std::size_t max_batch) {
        sqlite::Options options = sqlite::options_for(folder_ / "chat.db");
        options.max_batch = max_batch;
        store_ = sqlite::open_sqlite_store(options, log_);
    }
    Store& store() override { return *store_; }

private:
    sqlite::TempFolder folder_;
    base::NullLog log_;
    std::unique_ptr<Store> store_;
};

// Batches must not show: a small one cuts what belongs together at every possible place.
const Adapter usual{"Sqlite", [] { return std::make_unique<SqliteBackend>(1024); }};
const Adapter small{"SqliteInSmallBatches", [] { return std::make_unique<SqliteBackend>(16); }};

}  // namespace

CHATBOX_STORE_CONFORMANCE(Sqlite, testing::Values(usual, small));

}  // namespace chatbox::store::conformance
