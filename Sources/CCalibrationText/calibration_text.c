#include "calibration_text.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char text[] = {
#embed "text.txt"
};

const char *calibration_text(void) {
  return text;
}
size_t calibration_text_length(void) {
  return sizeof text;
}
