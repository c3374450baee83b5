# compare.gp - strategies side by side: a panel per metric, a dot for the mean,
# a whisker for its interval.
# DATA: row, strategy, kind; then mean, low, high and text of each metric.
# Also ROWS, NAME1..3 (titles), MOST1..3 (ends of the axes), TICS1..3.
load STYLE
@HEAD
set multiplot
set tmargin at screen 1-104.0/H; set bmargin at screen 46.0/H
set yrange [ROWS-0.5:-0.5]; set border 1; set grid xtics noytics; set ytics scale 0
gap = 30.0/W
wide = (0.975 - LEFT - 2*gap)/3
bar = 0.26
DOTS = "DATA using m:1:m+1:m+2:(colour(strcol(3))) with xerrorbars pt 7 ps 0.9 lw 1.6 lc rgb variable, DATA using (valid(m) ? column(m+2) : 0):1:('  '.strcol(m+3)) with labels left font S10 textcolor rgb INK"
do for [i=1:3] {
    if (i == 2) { unset label 901; unset label 902; set format y ''; set ytics ('' 0) }
    m = 4*i
    set lmargin at screen LEFT + (i - 1)*(wide + gap); set rmargin at screen LEFT + (i - 1)*(wide + gap) + wide
    set label 3 value(sprintf('NAME%d', i)) at graph 0,1 offset 0,0.8 left font S11 textcolor rgb INK
    most = value(sprintf('MOST%d', i))
    set xrange [0:most*1.3]; set xtics value(sprintf('TICS%d', i))
    if (i == 1) {
        plot DATA using (0):1:(0):m:($1-bar):($1+bar):(pale(strcol(3))):ytic(2) with boxxyerror lc rgb variable, @DOTS
    } else {
        plot DATA using (0):1:(0):m:($1-bar):($1+bar):(pale(strcol(3))) with boxxyerror lc rgb variable, @DOTS
    }
}
unset multiplot
unset output
