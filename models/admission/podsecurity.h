/*
 * podsecurity.h - the checks of the Pod Security Standards.
 */
#ifndef ADMISSION_PODSECURITY_H
#define ADMISSION_PODSECURITY_H
#include "base/text.h"
#include "models/podspec.h"

enum security_level { LEVEL_PRIVILEGED, LEVEL_BASELINE, LEVEL_RESTRICTED };

/* What is wrong with a pod, as the API server lists it: "host namespaces
 * (hostNetwork=true), privileged (container "c" must not ...)"; NULL: nothing.
 * Of arena a. */
const char *podsecurity_faults(struct arena *a, enum security_level level,
                               const struct pod_template *t);

#endif
