#pragma once
// The reads over many sessions as SQL: lists and metrics. They have a connection and a thread of their own,
// because they may take long and a client that resumes must not wait for them. Each call sees one moment.
#include "rows.h"

namespace chatbox::store::sqlite {

class Reports {
public:
    explicit Reports(Database& database);

    SessionPage list(const SessionQuery& query);
    Metrics metrics(Time from, Time to, Time now);

private:
    void measure_concurrency(Time from, Time until, Metrics& out);

    Database& database_;
    Statement begin_, rollback_;
    Statement started_, open_before_, openings_, closings_;
};

}  // namespace chatbox::store::sqlite
