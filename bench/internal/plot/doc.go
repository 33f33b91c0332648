// Package plot draws line charts as SVG: both axes logarithmic, a few lines, a
// legend. The same chart always gives the same bytes, so that pictures can be
// kept in a repository and compared; they scale, and they are readable on light
// and on dark pages, since they bring their own background.
//
// A [Chart] has [Line]s of [Point]s. Points that a logarithmic axis cannot show,
// zero, negative and infinite ones, are left out. Text is escaped.
package plot
