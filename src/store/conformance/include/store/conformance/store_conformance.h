#pragma once
// Everything that store.h promises, as tests. Included once by the test program of each adapter.
#include "store/conformance/calls.h"
#include "store/conformance/messages.h"
#include "store/conformance/reads.h"
#include "store/conformance/sessions.h"
#include "store/conformance/turns.h"
