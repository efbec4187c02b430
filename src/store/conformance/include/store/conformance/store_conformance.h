#pragma once
// Everything that store.h promises, as tests. Included once by the test program of each adapter.
#include "store/conformance/calls.h"
#include "store/conformance/control.h"
#include "store/conformance/life.h"
#include "store/conformance/lists.h"
#include "store/conformance/messages.h"
#include "store/conformance/metrics.h"
#include "store/conformance/reads.h"
#include "store/conformance/sessions.h"
#include "store/conformance/shares.h"
#include "store/conformance/turns.h"

// Runs all of it on `adapters` (see fixture.h). In namespace chatbox::store::conformance.
#define CHATBOX_STORE_CONFORMANCE(prefix, adapters)                              \
    INSTANTIATE_TEST_SUITE_P(prefix, StoreConformance, adapters, adapter_name);  \
    INSTANTIATE_TEST_SUITE_P(prefix, ControlOfASession, adapters, adapter_name); \
    INSTANTIATE_TEST_SUITE_P(prefix, LifeOfASession, adapters, adapter_name);    \
    INSTANTIATE_TEST_SUITE_P(prefix, ListOfSessions, adapters, adapter_name);    \
    INSTANTIATE_TEST_SUITE_P(prefix, MetricsOfAPeriod, adapters, adapter_name);  \
    INSTANTIATE_TEST_SUITE_P(prefix, SharedSessions, adapters, adapter_name)
