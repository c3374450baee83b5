# latency.gp - latency over time (median, band to p95, p99) and, below on the
# same axis, the share of requests that did not fail.
# DATA: second, median, p95, p99 (ms), available (%).  Also XMAX XTICS YMIN
# YMAX AMIN ATICS, SLO (% or -1), RELEASE (s or -1).
load STYLE
@HEAD
set multiplot
set lmargin at screen 80.0/W; set rmargin at screen 1-84.0/W
set xrange [0:XMAX]; set xtics XTICS
set tmargin at screen 1-78.0/H; set bmargin at screen 0.40
set format x ''; set ylabel 'latency, ms'; set logscale y; set yrange [YMIN:YMAX]
set ytics (1,3,10,30,100,300,1000,3000,10000,30000)
if (RELEASE >= 0) {
    set arrow 1 from RELEASE,graph 0 to RELEASE,graph 1 nohead lc rgb INK lw 0.9 dt (4,3) front
    set label 1 'release' at RELEASE,graph 1 offset 0.5,-0.7 left font S9 textcolor rgb INK front
}
# names at the ends of the curves, not on top of each other
stats DATA using 2 nooutput name 'L2'
last(c) = (c == 2 ? B2 : c == 3 ? B3 : B4)
B2 = NaN; B3 = NaN; B4 = NaN
stats DATA using (B2 = valid(2) ? $2 : B2, B3 = valid(3) ? $3 : B3, B4 = valid(4) ? $4 : B4, 0) nooutput
gap = (YMAX/YMIN)**(18.0/(H*0.6-78))
y2 = B2; y3 = B3 > y2*gap ? B3 : y2*gap; y4 = B4 > y3*gap ? B4 : y3*gap
set label 11 'p99' at graph 1,first y4 offset 0.6,0 left textcolor rgb OLD_TEXT font S10
set label 12 'p95' at graph 1,first y3 offset 0.6,0 left textcolor rgb OLD_TEXT font S10
set label 13 'median' at graph 1,first y2 offset 0.6,0 left textcolor rgb NEW_TEXT font S10
plot DATA using 1:2:3 with filledcurves lc rgb OLD fs transparent solid 0.35, \
     DATA using 1:4 with lines lc rgb '#3D8FC2' lw 0.9, \
     DATA using 1:3 with lines lc rgb OLD_TEXT lw 1.2, \
     DATA using 1:2 with lines lc rgb NEW_COLOUR lw 2.2
unset label 901; unset label 902; unset label 1; unset label 11; unset label 12; unset label 13
set tmargin at screen 0.35; set bmargin at screen 62.0/H
set format x '%g'; set xlabel 'seconds since the end of the warm-up'
unset logscale y; set yrange [AMIN:100+(100-AMIN)*0.04]; set ytics ATICS; set format y '%g %%'; set ylabel 'not failed'
if (SLO >= 0) {
    set arrow 2 from 0,SLO to XMAX,SLO nohead lc rgb INK lw 0.8 dt (4,3) front
    set label 14 sprintf('%g %%', SLO) at XMAX,SLO offset 0.6,0 left textcolor rgb INK font S9
}
plot DATA using 1:(100):5 with filledcurves lc rgb FAILED fs transparent solid 0.35, \
     DATA using 1:5 with lines lc rgb FAILED lw 1.4
unset multiplot
unset output
