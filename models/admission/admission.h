/*
 * admission.h - what admission plug-ins share.
 */
#ifndef ADMISSION_H
#define ADMISSION_H
#include "models/api.h"

/* Refuse m: API_FORBIDDEN, *reason `pods "web-1" is forbidden: ...`. */
enum api_code admission_forbid(struct world *w, const struct meta *m,
                               const char **reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
