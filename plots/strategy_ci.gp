# strategy_ci.gp - strategies side by side: a panel per metric, a dot for the
# mean, a whisker for its interval.
# DATA: row, strategy, then mean, low, high of failed requests, downtime and
# rollout time.  Also ROWS, MOST1..3 (ends of the axes), TICS1..3, T, ST.
H = 190 + 48*ROWS
load STYLE
@HEAD
array NAME[3] = ['failed requests', 'downtime, s', 'rollout time, s']
set multiplot layout 1,3 margins 0.15,0.975,60.0/H,1-104.0/H spacing 0.045,0
set yrange [ROWS-0.5:-0.5]; set border 1; set grid xtics noytics; set ytics scale 0
bar = 0.26
BOX = 'with boxxyerror lc rgb OLD fs transparent solid 0.45 noborder'
DOTS = "DATA using m:1:m+1:m+2 with xerrorbars pt 7 ps 0.9 lw 1.6 lc rgb NEW_COLOUR, DATA using m+2:1:(sprintf('  %.3g', column(m))) with labels left font S10 textcolor rgb INK"
do for [i=1:3] {
    if (i == 2) { unset label 901; unset label 902; set format y '' }
    m = 3*i
    set label 3 NAME[i] at graph 0,1 offset 0,1 left font S11 textcolor rgb INK
    set xrange [0:value(sprintf('MOST%d', i))]; set xtics value(sprintf('TICS%d', i))
    if (i == 1) {
        plot DATA using (0):1:(0):m:($1-bar):($1+bar):ytic(2) @BOX, @DOTS
    } else {
        set ytics ('' 0)
        plot DATA using (0):1:(0):m:($1-bar):($1+bar) @BOX, @DOTS
    }
}
unset multiplot
unset output
