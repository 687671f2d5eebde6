/*
 * own_parameter.h
 *    Parameters of a statement itself ($1) as the worker takes them: values encoded like those of a page's columns.
 *    Their types are the worker's choice, which asks for none that it does not compute with.
 */
#ifndef FUSION_OWN_PARAMETER_H
#define FUSION_OWN_PARAMETER_H

#include "postgres.h"

#include "messages.h"
#include "nodes/params.h"

/* The value of parameter `id` with its bytes in `context`; ERROR where it has none, as in PostgreSQL's executor. */
extern FusionParameterValue fusion_own_parameter(ParamListInfo parameters, int id, MemoryContext context);

#endif							/* FUSION_OWN_PARAMETER_H */
