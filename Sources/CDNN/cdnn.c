#include "cdnn.h"
