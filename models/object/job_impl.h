/*
 * job_impl.h - what Jobs and CronJobs share.  Private to models/object/.
 */
#ifndef MODELS_OBJECT_JOB_IMPL_H
#define MODELS_OBJECT_JOB_IMPL_H
#include "models/batch.h"
#include "read.h"

extern const struct shape shape_job_spec;

/* Validate the spec of a Job, but for its selector. */
void check_job_spec(struct reader *r, const struct at *spec);

/* The typed form of a validated one. */
const struct job_spec *job_spec_make(struct arena *a, const struct at *spec);

/* Is this a name of the IANA time zone database? */
bool is_time_zone(const char *name);

#endif
